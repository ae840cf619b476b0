"""Persons in a regulated occupation (执业人员), in that capacity only: registered from files, looked up one by one."""
