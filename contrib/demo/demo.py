#!/usr/bin/env python3
"""The demo behind contrib/demo/run, once everything is installed and built: starts a stand, signs its user in,
tells how to use it, and waits to be ended. Nothing that it started outlives it."""
import argparse
import os
import shutil
import signal
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sign_in import SignInError, sign_in  # noqa: E402
from stand import Stand, StartError  # noqa: E402

MARK = ".doorward-demo"


def say(text):
    print(text, flush=True)


def take_directory(path):
    """An empty directory of ours: made, or cleared when an earlier demo left it."""
    if os.path.islink(path) or (os.path.exists(path) and os.stat(path).st_uid != os.geteuid()):
        raise StartError(f"{path} is not ours; name another one with --dir")
    if os.path.isdir(path) and os.listdir(path) and not os.path.exists(os.path.join(path, MARK)):
        raise StartError(f"{path} holds something that no demo wrote; name another one with --dir")
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path, mode=0o711)
    with open(os.path.join(path, MARK), "w") as mark:
        mark.write(f"{os.getpid()}\n")


def write_env(path, values):
    """KEY=value lines; complete or not there at all."""
    with open(path + ".new", "w") as file:
        file.writelines(f"{name}={value}\n" for name, value in values.items())
    os.chmod(path + ".new", 0o600)
    os.rename(path + ".new", path)


def tell(stand, env):
    say(f"""
Doorward is ready at {env['DOORWARD_URL']}
  its CA certificate   {env['DOORWARD_CA']}
  discovery            {env['DOORWARD_URL']}/.well-known/openid-configuration
  user                 {env['DOORWARD_USER_EMAIL']}  {env['DOORWARD_USER_PASSWORD']}
  admin                {env['DOORWARD_ADMIN_EMAIL']}  {env['DOORWARD_ADMIN_PASSWORD']}
  client               {env['DOORWARD_CLIENT_ID']}  {env['DOORWARD_CLIENT_SECRET']}
  service, API key     {env['DOORWARD_SERVICE_ID']}  {env['DOORWARD_API_KEY']}
  fake providers       {' '.join(f"{name}: {url}" for name, url in stand.providers.urls.items())}
  configuration        {env['DOORWARD_CONF']}
  mails, as files      {env['DOORWARD_MAIL_DIR']}/
  logs                 {stand.directory}/log/
Try: curl --cacert {env['DOORWARD_CA']} {env['DOORWARD_URL']}/.well-known/openid-configuration""")


def arguments():
    parser = argparse.ArgumentParser(prog="contrib/demo/run")
    parser.add_argument("--program", required=True)
    parser.add_argument("--source", required=True)
    parser.add_argument("--dir", required=True)
    parser.add_argument("--cache", required=True)
    parser.add_argument("--server", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--env")
    parser.add_argument("--once", action="store_true")
    return parser.parse_args()


def serve(options, stand, ended):
    say(f"Starting MariaDB, the fake providers, Doorward and {options.server} ...")
    stand.start()
    env = stand.environment()
    say(f"Signing {env['DOORWARD_USER_EMAIL']} in through the whole code flow:")
    sign_in(env, lambda line: say("  " + line))
    say("Signed in.")
    if options.env:
        write_env(options.env, env)
    tell(stand, env)
    write_env(os.path.join(options.dir, "ready"), env)
    if options.once:
        return 0
    if not os.environ.get("DOORWARD_DEMO_BACKGROUND"):
        say("Ctrl-C ends it.")
    while not ended.wait(1):
        if not stand.service.running():
            say("doorward ended by itself; its log is above in " + stand.directory + "/log/doorward.log")
            return 1
    return 0


def main():
    options = arguments()
    ended = threading.Event()
    stand = None

    def leave(number, frame):
        if stand and stand.service and not ended.is_set() and ready():
            ended.set()
        else:
            raise KeyboardInterrupt

    def ready():
        return os.path.exists(os.path.join(options.dir, "ready"))

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)
    status = 1
    try:
        take_directory(options.dir)
        stand = Stand(options.dir, options.program, options.source, server=options.server, port=options.port,
                      cache=options.cache, providers=True)
        status = serve(options, stand, ended)
    except (StartError, SignInError, OSError) as error:
        say(f"The demo failed: {error}")
    except KeyboardInterrupt:
        say("Interrupted.")
        status = 130
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if stand:
        stand.stop()
    if options.env and not options.once and os.path.exists(options.env):
        os.unlink(options.env)
    if status != 1:  # else the logs stay for who looks into it
        shutil.rmtree(options.dir, ignore_errors=True)
    say("Everything is stopped.")
    return status


if __name__ == "__main__":
    sys.exit(main())
