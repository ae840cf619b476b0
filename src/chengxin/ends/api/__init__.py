"""The API end (接口端): other systems."""
