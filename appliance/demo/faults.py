"""Why a demo stops."""


class DemoFailed(Exception):
    """Something is not as it should be; the text is a sentence for the person who watches."""
