"""What this machine is: its cores, memory and devices, and how fast it decodes."""
