"""Where passages are searched: engines behind one port."""
