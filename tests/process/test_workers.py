#!/usr/bin/env python3
"""Workers: kept connections, deaths, deadlines, limits."""
import contextlib
import resource

from kit import Connection, Load, Place, TestCase, hold, idles, main, os, request, signal, time, until

DIED = r"doorward: worker died pid=(\d+) signal=(\w+) request=(\S+)"


class Workers(TestCase):
    def test_kept_connection_does_not_pin(self):
        "an idle kept connection does not pin its worker"
        with Place(workers=1) as place:
            place.start()
            with Connection(place.socket) as kept:
                for _ in range(3):
                    self.assertEqual(kept.request(keep=True).status, 200)
                    self.assertEqual(request(place.socket, timeout=30).status, 200)

    def test_silent_peers_hold_nobody(self):
        "peers that open the socket and stay silent hold no worker"
        with Place(workers=1) as place:
            place.start()
            silent = [Connection(place.socket) for _ in range(40)]
            self.assertEqual(request(place.socket, timeout=30).status, 200)
            self.assertFalse(silent[0].is_closed(within=0.1))
            self.assertEqual(silent[0].request().status, 200)
            for connection in silent:
                connection.close()
            self.assertEqual(request(place.socket).status, 200)

    def test_more_kept_connections_than_places(self):
        "when all 64 places are taken the others wait, and are served when one is free"
        with Place(workers=1) as place:
            place.start()
            kept = [Connection(place.socket) for _ in range(64)]
            for connection in kept:
                self.assertEqual(connection.request(keep=True).status, 200)
            with Connection(place.socket) as late:
                late.send_request()
                self.assertEqual(kept[7].request(keep=True).status, 200)
                kept[3].close()
                self.assertEqual(late.answer().status, 200)
            for connection in kept:
                connection.close()

    def test_no_core_dumps(self):
        "security 142: no process leaves its memory in a core dump, whatever the limit that it was started under"
        with Place(workers=1) as place:
            program = place.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, 1 << 20)))
            for pid in [program.pid, *place.children(program.pid)]:
                self.assertEqual((0, 1 << 20), resource.prlimit(pid, resource.RLIMIT_CORE), pid)

    def test_killed_worker_is_replaced_at_once(self):
        "a worker killed with -9 costs the request in its hand, is replaced at once, and told in the log"
        with Place(workers=1) as place:
            program = place.start()
            (pid,) = place.workers(program)
            with Connection(place.socket) as held:
                hold(held, program)
                os.kill(pid, signal.SIGKILL)
                self.assertTrue(held.is_closed(within=30))
            self.assertEqual(request(place.socket, timeout=30).status, 200)
            until(lambda: place.find_in_log(DIED))
            ((dead, name, request_id),) = place.find_in_log(DIED)
            self.assertEqual((int(dead), name), (pid, "KILL"))
            self.assertRegex(request_id, r"^[0-9a-f]{16}$")
            self.assertNotEqual(place.workers(program), [pid])

    def test_kills_under_load_cost_one_request_each(self):
        "killing workers under load costs at most the request in hand of each"
        with Place(workers=4) as place:
            program = place.start()
            with Load(place.socket, clients=4) as load:
                for _ in range(8):
                    time.sleep(0.1)
                    pid = until(lambda: place.workers(program), what="a worker")[0]
                    with contextlib.suppress(ProcessLookupError):  # the one before, reaped since we looked
                        os.kill(pid, signal.SIGKILL)
                until(lambda: load.good > 50)
            self.assertLessEqual(len(load.failed), 8)
            until(lambda: len(place.workers(program)) == 4)

    def test_crash_loop_is_slowed_down(self):
        "abuse 63: workers that die before they have done anything are started ever more slowly"
        with Place(workers=1) as place:
            program = place.start()
            end = time.monotonic() + 3
            while time.monotonic() < end or len(place.find_in_log(DIED)) <= 3:
                for pid in place.workers(program):
                    with contextlib.suppress(ProcessLookupError):  # reaped since we looked
                        os.kill(pid, signal.SIGKILL)
                time.sleep(0.005)
            deaths = len(place.find_in_log(DIED))
            self.assertLess(deaths, 15)
            self.assertEqual(request(place.socket, timeout=60).status, 200)

    def test_stuck_worker_is_killed(self):
        "abuse 64: a worker that is busy past request_deadline is killed; only that request is lost"
        with Place(workers=1, request_deadline="1s") as place:
            place.start()
            with Connection(place.socket) as stuck:
                began = time.monotonic()
                stuck.send_half()
                self.assertTrue(stuck.is_closed(within=30))
                self.assertGreater(time.monotonic() - began, 0.8)
            self.assertEqual(request(place.socket, timeout=30).status, 200)
            until(lambda: place.find_in_log("worker killed"))
            self.assertRegex(place.log(), r"doorward: worker killed pid=\d+ request=[0-9a-f]{16} kills=1: busy past")

    def test_request_limit_without_a_loss(self):
        "workers leave after requests_per_worker, and nobody notices"
        with Place(workers=2, pool="requests_per_worker = 20") as place:
            program = place.start()
            first = set(place.workers(program))
            with Load(place.socket, clients=3) as load, Load(place.socket, clients=2, keep=True) as kept:
                until(lambda: load.good > 150 and kept.good > 100)
            self.assertEqual(load.failed, [])
            self.assertEqual(kept.failed, [])
            until(lambda: not first & set(place.workers(program)), what="the first workers' leave")
            until(lambda: len(place.find_in_log(r"worker left pid=\d+")) > 4, what="workers' leave in the log")
            self.assertEqual(place.find_in_log(DIED), [])

    def test_nice_pools(self):
        "the workers of a pool that is to be nice are, the master isn't"
        with Place(workers=2, pool="nice = 7") as place:
            program = place.start()
            self.assertEqual([os.getpriority(os.PRIO_PROCESS, pid) - os.getpriority(os.PRIO_PROCESS, 0) for pid in place.workers(program)], [7, 7])
            self.assertEqual(os.getpriority(os.PRIO_PROCESS, program.pid), os.getpriority(os.PRIO_PROCESS, 0))

    def test_requests_that_nobody_waits_for_are_skipped(self):
        "a request whose peer has hung up before its turn is not executed"
        with Place(workers=1) as place:
            program = place.start()
            with Connection(place.socket) as first:
                hold(first, program)
                for _ in range(5):
                    with Connection(place.socket) as gone:
                        gone.send_request()
                first.finish()
                self.assertEqual(first.answer().status, 200)
            until(lambda: len(place.find_in_log("nobody waits for the answer any more")) == 5)

    def test_death_ends_a_program_that_may_not_respawn(self):
        "with DOORWARD_NO_RESPAWN=1 a worker's death ends the program with status 70"
        with Place(workers=2) as place:
            program = place.start(env={"DOORWARD_NO_RESPAWN": "1"})
            os.kill(place.workers(program)[0], signal.SIGKILL)
            self.assertEqual(program.wait(timeout=60), 70)

    def test_idle_costs_nothing(self):
        "idle processes use no processor time"
        with Place(workers=2) as place:
            program = place.start()
            self.assertTrue(idles([program.pid, *place.children(program.pid)]))


if __name__ == "__main__":
    main()
