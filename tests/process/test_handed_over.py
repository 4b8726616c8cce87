#!/usr/bin/env python3
"""Sockets that are handed over: descriptor 0 (spawn-fcgi, lighttpd, mod_fcgid) and LISTEN_FDS (systemd)."""
from kit import (Connection, Place, TestCase, build_directory, contextlib, hold, main, os, parameters, request, signal, socket,
                 subprocess, time, until)


@contextlib.contextmanager
def listener(place):
    with socket.socket(socket.AF_UNIX) as listening:
        path = os.path.join(place.directory, "handed.sock")
        listening.bind(path)
        listening.listen(64)
        yield listening, path


class DescriptorZero(TestCase):
    def start(self, place, listening, path, words=("serve",), **options):
        place.socket = path
        return place.start(words, stdin=listening, **options)

    def test_one_worker_without_a_master(self):
        "webservers 1.5: a listening socket on descriptor 0 gets one worker: no child, no pid file"
        with Place(workers=4) as place, listener(place) as (listening, path):
            program = self.start(place, listening, path)
            self.assertEqual(place.children(program.pid), [])
            self.assertFalse(os.path.exists(os.path.join(place.run, "pid")))
            self.assertEqual(request(path, parameters("/.well-known/openid-configuration")).status, 200)
            program.terminate()
            self.assertEqual(program.wait(timeout=60), 0)
            self.assertTrue(os.path.exists(path), "the socket isn't ours to remove")

    def test_no_command_is_needed(self):
        "a web server that gives no arguments means serve"
        with Place() as place, listener(place) as (listening, path):
            program = self.start(place, listening, path, words=())
            self.assertEqual(place.children(program.pid), [])

    def test_several_share_the_socket(self):
        "spawn-fcgi -F: several single workers share a socket"
        with Place() as place, listener(place) as (listening, path):
            programs = [self.start(place, listening, path) for _ in range(3)]
            for program in programs:
                self.assertEqual(request(path).status, 200)
                program.terminate()
                self.assertEqual(program.wait(timeout=60), 0)

    def test_environment_asks_for_more(self):
        "DOORWARD_WORKERS=3 makes a master of it"
        with Place(workers=1) as place, listener(place) as (listening, path):
            program = self.start(place, listening, path, env={"DOORWARD_WORKERS": "3"})
            until(lambda: len(place.workers(program)) == 3)

    def test_leaves_after_its_share(self):
        "a single worker leaves after requests_per_worker; whoever started it starts another"
        with Place(pool="requests_per_worker = 5") as place, listener(place) as (listening, path):
            program = self.start(place, listening, path)
            for _ in range(4):
                request(path)
            self.assertEqual(program.wait(timeout=60), 0)

    def test_term_and_usr1_end_it_after_its_request(self):
        "SIGTERM and SIGUSR1 end a single worker after the request in its hand"
        for number in (signal.SIGTERM, signal.SIGUSR1):
            with Place() as place, listener(place) as (listening, path):
                program = self.start(place, listening, path)
                with Connection(path) as held:
                    hold(held, program)
                    program.send_signal(number)
                    time.sleep(0.2)  # it would be gone by now
                    held.finish()
                    self.assertEqual(held.answer().status, 200)
                self.assertEqual(program.wait(timeout=60), 0)

    def test_stuck_alone(self):
        "a single worker that is busy past request_deadline ends itself"
        with Place(request_deadline="1s") as place, listener(place) as (listening, path):
            program = self.start(place, listening, path)
            with Connection(path) as held:
                held.send_half()
                self.assertNotEqual(program.wait(timeout=60), 0)

    def test_no_socket_no_command(self):
        "without a socket on descriptor 0 and without a command there's a usage hint, status 2"
        with Place() as place:
            program = place.start((), ready=False)
            self.assertEqual(program.wait(timeout=60), 2)
            self.assertIn("doorward", place.log())


class Systemd(TestCase):
    def start(self, place, listening, path, names=None, pid=None):
        """As systemd does: the sockets from descriptor 3 on, and the environment of the very process."""
        place.socket = path
        descriptors = [one.fileno() for one in listening]
        names_word = f" LISTEN_FDNAMES={names}" if names else ""
        # bash moves the descriptors into place and executes the program under its own pid
        moves = " ".join(f"{3 + at}<&{number + 100}" for at, number in enumerate(descriptors))
        for number in descriptors:
            os.dup2(number, number + 100)
        script = f'exec env LISTEN_FDS={len(descriptors)} LISTEN_PID={pid or "$$"}{names_word} "$@" {moves}'
        return self.bash(place, script, [number + 100 for number in descriptors])

    @staticmethod
    def bash(place, script, passed):
        with open(place.log_path, "ab") as log:
            program = subprocess.Popen(["bash", "-c", script, "bash", os.path.join(build_directory(), "doorward"),
                                        "-c", place.config, "serve"], stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=log, pass_fds=passed)
        for number in passed:
            os.close(number)
        place.programs.append(program)
        until(lambda: place.answers(program), what="the first answer")
        return program

    def test_listen_fds(self):
        "LISTEN_FDS: the pool serves the inherited socket and leaves its file alone"
        with Place(workers=2) as place, listener(place) as (listening, path):
            program = self.start(place, [listening], path)
            until(lambda: len(place.workers(program)) == 2)
            self.assertFalse(os.path.exists(os.path.join(place.run, "main.sock")))
            program.terminate()
            self.assertEqual(program.wait(timeout=60), 0)
            self.assertTrue(os.path.exists(path))

    def test_names_choose_the_pool(self):
        "LISTEN_FDNAMES says which pool a socket is for, whatever their order"
        with Place(workers=1, pool="families = metadata", pools="[pool health]\nfamilies = health\n") as place:
            with listener(place) as (first, path), socket.socket(socket.AF_UNIX) as second:
                other = os.path.join(place.directory, "other.sock")
                second.bind(other)
                second.listen(8)
                self.start(place, [first, second], path, names="health:main")
                self.assertEqual(request(path).status, 200)
                self.assertEqual(request(other).status, 404)

    def test_another_process_is_meant(self):
        "LISTEN_FDS for another process is not ours"
        with Place(workers=1) as place, listener(place) as (listening, _):
            self.start(place, [listening], place.socket, pid=1)
            self.assertTrue(os.path.exists(os.path.join(place.run, "main.sock")))

    def test_ready_is_told(self):
        "NOTIFY_SOCKET is told READY, RELOADING and STOPPING"
        with Place(workers=1) as place, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
            path = os.path.join(place.directory, "notify")
            notified.bind(path)
            notified.settimeout(60)
            program = place.start(env={"NOTIFY_SOCKET": path})
            self.assertEqual(notified.recv(1000), b"READY=1")
            program.send_signal(signal.SIGHUP)
            self.assertRegex(notified.recv(1000).decode(), r"^RELOADING=1\nMONOTONIC_USEC=\d+$")
            self.assertEqual(notified.recv(1000), b"READY=1")
            program.terminate()
            self.assertEqual(notified.recv(1000), b"STOPPING=1")
            until(lambda: program.poll() == 0)


if __name__ == "__main__":
    main()
