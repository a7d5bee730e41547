"""wslogs probe: dials a live WebSocket rung by rung, and tells what it saw of each. What it means is said by signals and causes."""
