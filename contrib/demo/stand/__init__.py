"""A Doorward that stands: a private MariaDB, the program, a web server and something in the database,
all in one directory. The demo and the tests start everything through this package, so what a newcomer
sees is what the tests see. Python's standard library only, but for the mail server."""
from .mariadb import MariaDB
from .process import Process, StartError, run
from .stand import Stand
from .webserver import SERVERS, WebServer

__all__ = ["MariaDB", "Process", "SERVERS", "Stand", "StartError", "WebServer", "run"]
