"""Requests that are let go at the same moment, or held up until all have come."""
import contextlib
import subprocess
import threading

from checks import equal, until


def at_once(site, number, call):
    """number calls on warm connections of their own, let go together; their answers."""
    webs = [site.connect().warm() for _ in range(number)]
    gate, answers = threading.Barrier(number), [None] * number

    def one(index):
        gate.wait()
        answers[index] = call(webs[index], index)
    threads = [threading.Thread(target=one, args=(i,)) for i in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for web in webs:
        web.close()
    assert all(answers), f"{answers.count(None)} calls without an answer"
    return answers


class Holder:
    """A transaction that holds rows, and sees who waits for some. Who waits gives up after three seconds, with a 503: on a busy
    machine that may be before all have come, and then they try again."""

    def __init__(self, process):
        self.process = process

    def ask(self, statement):
        self.process.stdin.write(f"{statement};\nSELECT 'that was all';\n")
        self.process.stdin.flush()
        lines = []
        while (line := self.process.stdout.readline()) != "that was all\n":
            assert line, "the holder has ended"
            lines.append(line.strip())
        return lines

    def hold(self, rows):
        """Of "TABLE WHERE …"."""
        self.ask(f"SELECT 1 FROM {rows} FOR UPDATE")

    def until_waiting(self, count, calls):
        """Until so many wait; or, when something else came between, until one of the calls (futures) has its answer. MariaDB looks
        anew only for who hasn't asked for a tenth of a second."""
        waiting = "DO SLEEP(0.15); SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"
        until(lambda: int(self.ask(waiting)[0]) >= count or any(call.done() for call in calls), f"{count} wait")


@contextlib.contextmanager
def holding(site):
    command = ["mariadb", "--no-defaults", "-uroot", "-S", site.database_socket, "-N", "-B", "--unbuffered", site.database]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.stdin.write("START TRANSACTION;\n")
        try:
            yield Holder(process)
        finally:
            process.stdin.close()  # which rolls back
    equal(process.returncode, 0)
