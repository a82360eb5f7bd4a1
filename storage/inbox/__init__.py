"""What has happened: facts admitted once, remembered, and owed to whom."""
