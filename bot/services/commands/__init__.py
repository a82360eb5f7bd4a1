"""Command in, card out: one router for every chat platform, and a module for each command.

A command's module holds its spec, its arguments with their types, and its answer; `registry` lists
the modules. Menus, completion, help and the tables in the docs come from there. What the answer
says is in a module of `bot.texts`.
"""
