"""Chengxin 诚信: the open-source public credit information platform for a city."""
