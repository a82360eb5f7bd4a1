"""The trading platform, over Feathers on Socket.IO and REST."""
