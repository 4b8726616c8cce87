#!/usr/bin/env python3
"""The master: start, reload, stop, and who may start at all."""
from kit import (Connection, Load, Place, TestCase, contextlib, hold, main, os, parameters, request, signal, socket, time,
                 until)

BAD = [("unknown option", "no_such_option = 1"), ("out of bounds", "request_deadline = 0s"),
       ("missing key file", "key_file = /nowhere/key")]


class Start(TestCase):
    def test_first_answer_comes_soon(self):
        "start to first answer takes well under a second of an idle machine, also without a database"
        took, used = [], []
        for _ in range(3):  # the best of three, as the machine may be busy with other tests
            with Place() as place:
                began = time.monotonic()
                program = place.start(ready=False)
                until(lambda: place.answers(program), what="the first answer")
                took.append(time.monotonic() - began)
                used.append(sum(map(place.cpu_ticks, [program.pid, *place.children(program.pid)])) / os.sysconf("SC_CLK_TCK"))
        print(f"# {min(took) * 1000:.0f} ms, {min(used) * 1000:.0f} ms of processors")
        self.assertLess(min(used), 1)
        self.assertLess(min(took), 4)  # no wait for a database, and as much as others may take of two busy cores

    def test_standard_descriptors_may_be_closed(self):
        "abuse 85: closed descriptors 0 to 2, a strange umask, locale and working directory do no harm"
        with Place() as place:
            place.write(log=f"file:{place.log_path}")
            program = place.start(ready=False, cwd="/", env={"LC_ALL": "tr_TR.UTF-8", "HOME": ""}, umask=0o777,
                                  preexec_fn=lambda: [os.close(number) for number in (0, 1, 2)])
            until(lambda: place.answers(program))
            program.terminate()
            self.assertEqual(program.wait(timeout=60), 0)

    def test_second_master_is_refused(self):
        "a second master is turned away, and takes nothing from the first"
        with Place() as place:
            first = place.start()
            second = place.start(ready=False)
            self.assertEqual(second.wait(timeout=60), 1)
            self.assertIn(f"another doorward (pid {first.pid}) is running", place.log())
            self.assertEqual(request(place.socket).status, 200)
            with open(os.path.join(place.run, "pid")) as file:
                self.assertEqual(int(file.read()), first.pid)

    def test_socket_of_a_living_program_is_not_taken(self):
        "abuse 68: a socket that somebody listens on is left alone, also from another run directory"
        with Place() as place:
            os.mkdir(place.run)
            with socket.socket(socket.AF_UNIX) as other:
                other.bind(place.socket)
                other.listen()
                program = place.start(ready=False)
                self.assertEqual(program.wait(timeout=60), 3)
                self.assertIn("another program listens there", place.log())
                Connection(place.socket).close()

    def test_what_is_no_socket_is_not_removed(self):
        "abuse 68: a file, a directory or a link in the socket's place is left alone"
        for make in (lambda path: open(path, "w").close(), os.mkdir, lambda path: os.symlink("elsewhere", path)):
            with Place() as place:
                os.mkdir(place.run)
                make(place.socket)
                program = place.start(ready=False)
                self.assertEqual(program.wait(timeout=60), 3)
                self.assertIn("something that is no socket is there", place.log())
                self.assertTrue(os.path.lexists(place.socket))

    def test_stale_socket_is_replaced(self):
        "the socket of a program that is no more is replaced"
        with Place() as place:
            os.mkdir(place.run)
            with socket.socket(socket.AF_UNIX) as stale:
                stale.bind(place.socket)
            place.start()

    def test_too_long_a_path_is_refused(self):
        "abuse 68: a socket path that is too long is refused in words"
        with Place(pool=f"socket = /tmp/{'x' * 120}") as place:
            program = place.start(ready=False)
            self.assertEqual(program.wait(timeout=60), 3)
            self.assertIn("File name too long", place.log())

    def test_socket_has_its_mode(self):
        "the socket has the mode of the configuration"
        with Place(pool="socket_mode = 0620") as place:
            place.start()
            self.assertEqual(os.stat(place.socket).st_mode & 0o777, 0o620)

    def test_pools_have_their_families(self):
        "each pool has its own socket, workers and families"
        with Place(workers=1, pool="families = health", pools="[pool other]\nworkers = 2\nfamilies = metadata\n") as place:
            program = place.start()
            other = os.path.join(place.run, "other.sock")
            until(lambda: len(place.workers(program)) == 3)
            self.assertEqual(request(other).status, 404)
            self.assertEqual(request(place.socket, parameters("/.well-known/openid-configuration")).status, 404)
            self.assertEqual(request(other, parameters("/.well-known/openid-configuration")).status, 200)

    def test_unknown_family_ends_the_start(self):
        "a family that doesn't exist ends the start in words"
        with Place(pool="families = health helth") as place:
            program = place.start(ready=False)
            self.assertEqual(program.wait(timeout=60), 3)
            self.assertIn("there is no family helth", place.log())


class Reload(TestCase):
    def reload(self, program, place, pattern, count=1):
        os.kill(program.pid, signal.SIGHUP)
        until(lambda: len(place.find_in_log(pattern)) >= count, what=pattern)

    def test_good_configuration_takes_over(self):
        "SIGHUP: new workers under the new configuration, the old ones leave"
        with Place(workers=1) as place:
            program = place.start()
            old = place.workers(program)
            place.write(workers=3)
            self.reload(program, place, "ready generation=2")
            until(lambda: len(place.workers(program)) == 3 and not set(old) & set(place.workers(program)))
            self.assertEqual(request(place.socket).status, 200)

    def test_bad_configuration_is_refused(self):
        "abuse 61: SIGHUP with a bad configuration changes nothing, and the log says why"
        for what, line in BAD:
            with self.subTest(what), Place(workers=2) as place:
                program = place.start()
                old = place.workers(program)
                with open(place.config) as file:
                    lines = [kept for kept in file.read().splitlines()
                             if kept.split(" ")[0] != line.split(" ")[0]]
                with open(place.config, "w") as file:
                    file.write("\n".join([line, *lines]) + "\n")
                self.reload(program, place, "reload refused, the old configuration stays in force: .+")
                self.assertEqual(place.workers(program), old)
                self.assertEqual(request(place.socket).status, 200)
                place.write(workers=1)

    def test_broken_template_is_refused(self):
        "abuse 58: SIGHUP with a broken template changes nothing; the log names file and line"
        with Place(workers=1) as place:
            program = place.start()
            own = os.path.join(place.directory, "templates")
            os.mkdir(own)
            with open(os.path.join(own, "login.mustache"), "w") as file:
                file.write("<p>\n{{#open}}\n")
            place.write(workers=1, template_directory=own)
            self.reload(program, place, r"reload refused.*login\.mustache:\d+: .+")
            self.assertEqual(request(place.socket).status, 200)

    def test_new_pool_that_can_not_be_bound_is_refused(self):
        "abuse 61: SIGHUP with a socket that can't be had changes nothing"
        with Place(workers=1) as place:
            program = place.start()
            place.write(workers=1, pools="[pool b]\n[pool c]\nsocket = /nowhere/c.sock\n")
            self.reload(program, place, "reload refused")
            self.assertEqual(request(place.socket).status, 200)
            self.assertFalse(os.path.exists(os.path.join(place.run, "b.sock")))

    def test_moved_socket(self):
        "SIGHUP with another socket: the new one serves, the old one goes"
        with Place(workers=1) as place:
            program = place.start()
            moved = os.path.join(place.run, "moved.sock")
            place.write(workers=1, pool=f"socket = {moved}")
            self.reload(program, place, "ready generation=2")
            self.assertEqual(request(moved).status, 200)
            until(lambda: not os.path.exists(place.socket))

    def test_reload_waits_for_the_request_in_hand(self):
        "an old worker finishes the request in its hand"
        with Place(workers=1) as place:
            program = place.start()
            with Connection(place.socket) as held:
                hold(held, program)
                self.reload(program, place, "ready generation=2")
                self.assertEqual(request(place.socket).status, 200)
                held.finish()
                self.assertEqual(held.answer().status, 200)

    def test_reloads_under_load_lose_nothing(self):
        "abuse 62: reloads under load lose no request, on fresh and on kept connections"
        with Place(workers=2) as place:
            program = place.start()
            with Load(place.socket, clients=3) as fresh, Load(place.socket, clients=3, keep=True) as kept:
                for turn in range(10):
                    self.reload(program, place, f"ready generation={turn + 2}\\b")
                    time.sleep(0.05)
                until(lambda: min(fresh.good, kept.good) > 50)
            self.assertEqual(fresh.failed + kept.failed, [])
            until(lambda: len(place.workers(program)) == 2, what="the old workers' leave")
            self.assertEqual(place.find_in_log("worker died"), [])

    def test_log_is_reopened(self):
        "SIGUSR1 reopens the log in every process"
        with Place(workers=1) as place:
            target = os.path.join(place.directory, "own.log")
            place.write(workers=1, log=f"file:{target}")
            program = place.start()
            until(lambda: os.path.exists(target))
            os.rename(target, target + ".1")
            os.kill(program.pid, signal.SIGUSR1)
            until(lambda: os.path.exists(target))
            worker = place.workers(program)[0]

            def logged():
                request(place.socket, parameters("/nothing-here"))
                with open(target) as file:
                    return f"[{worker}]" in file.read()
            until(logged)


class Stop(TestCase):
    def test_term_drains(self):
        "SIGTERM: the request in hand and those that wait are answered; then everything is gone"
        with Place(workers=1) as place:
            program = place.start()
            with Connection(place.socket) as held, Connection(place.socket) as waiting:
                hold(held, program)
                waiting.send_request()
                program.terminate()
                until(lambda: not os.path.exists(place.socket))
                held.finish()
                self.assertEqual(held.answer().status, 200)
                self.assertEqual(waiting.answer().status, 200)
            self.assertEqual(program.wait(timeout=60), 0)
            self.assertFalse(os.path.exists(os.path.join(place.run, "pid")))
            self.assertRegex(place.log(), r" stopped\n\Z")

    def test_term_does_not_wait_for_idle_connections(self):
        "SIGTERM: an idle kept connection holds nobody up"
        with Place(workers=1) as place:
            program = place.start()
            with Connection(place.socket) as kept:
                self.assertEqual(kept.request(keep=True).status, 200)
                program.terminate()
                self.assertEqual(program.wait(timeout=12), 0)  # it would be closed after 15 s

    def test_quit_waits_for_kept_connections(self):
        "SIGQUIT: a kept connection gets one more answer, and is closed then"
        with Place(workers=1) as place:
            program = place.start()
            with Connection(place.socket) as kept:
                self.assertEqual(kept.request(keep=True).status, 200)
                program.send_signal(signal.SIGQUIT)
                time.sleep(1.5)
                self.assertEqual(kept.request(keep=True).status, 200)
                self.assertTrue(kept.is_closed())
            self.assertEqual(program.wait(timeout=60), 0)

    def test_workers_follow_a_dead_master(self):
        "abuse 65: with the master killed, workers finish their requests and leave; a new one can start at once"
        with Place(workers=2) as place:
            program = place.start()
            children = place.children(program.pid)
            with Connection(place.socket) as held:
                hold(held, program)
                program.kill()
                program.wait()
                place.start(ready=False)
                until(lambda: len(place.find_in_log("ready generation=1")) == 2, what="the new master")
                self.assertEqual(request(place.socket).status, 200)
                held.finish()
                self.assertEqual(held.answer().status, 200)
            until(lambda: not any(place.is_alive(pid) for pid in children), what="the orphans' leave")
            self.assertEqual(request(place.socket).status, 200)

    def test_storm_of_signals(self):
        "abuse 66: storms of signals to master and workers neither kill nor spin"
        with Place(workers=2) as place:
            program = place.start()
            kinds = [signal.SIGUSR1, signal.SIGUSR2, signal.SIGCHLD, signal.SIGPIPE, signal.SIGHUP]
            with Load(place.socket, clients=2) as load:
                for turn in range(200):
                    for pid in [program.pid, *place.children(program.pid)]:
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(pid, kinds[turn % 4] if pid != program.pid else kinds[turn % 5])
                    time.sleep(0.005)
            self.assertEqual(load.failed, [])
            until(lambda: len(place.workers(program)) == 2)
            self.assertEqual(place.find_in_log("died"), [])
            program.terminate()
            self.assertEqual(program.wait(timeout=60), 0)


if __name__ == "__main__":
    main()
