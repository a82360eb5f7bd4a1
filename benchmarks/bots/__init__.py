"""What is measured: Tradebell, and what it is compared with."""
