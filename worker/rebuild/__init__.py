"""`loyalty rebuild`: the state of lanes from log and topics alone."""
