"""What has happened: facts ingested once, remembered, and owed to whom."""
