"""What can be done once is done once, however many try at the same moment."""
from database import Database, run_probe
from harness import tap


class Races(tap.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = Database()

    @classmethod
    def tearDownClass(cls):
        cls.database.close()

    def race(self, what):
        status, output = run_probe(what, self.database.server.socket)
        self.assertIn("one winner in 20 of 20 rounds", output)
        self.assertEqual(status, 0)

    def test_redemption(self):
        """Of 16 processes that redeem one code, one wins"""
        self.race("race-redeem")

    def test_rotation(self):
        """T-22: of 16 processes that rotate one refresh token in the same second, one wins"""
        self.race("race-rotate")
        # the row knows by its generation, not by a clock
        self.assertEqual(self.database.sql("SELECT DISTINCT refresh_generation FROM authorizations "
                                           "WHERE refreshed_at_ms = 5"), [["1"]])

    def setUp(self):
        self.database.sql("DELETE FROM users")


if __name__ == "__main__":
    tap.main()
