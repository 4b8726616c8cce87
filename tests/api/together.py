"""Requests that are let go at the same moment."""
import threading


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
