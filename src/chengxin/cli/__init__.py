"""The ``chengxin`` command: the operator's way in, and what starts, watches and stops the processes."""
