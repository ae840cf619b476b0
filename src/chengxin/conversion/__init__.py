"""Conversion of older codes into unified social credit codes (统一社会信用代码转换)."""
