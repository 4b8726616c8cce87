#!/bin/sh
# What mod_fcgid starts: upload as doorward.fcgi, mode 755, and change the path. The program finds a
# listening socket on descriptor 0 and serves as a single worker that also keeps house.
home=/home/user/doorward
exec "$home/doorward" -c "$home/doorward.conf" serve
