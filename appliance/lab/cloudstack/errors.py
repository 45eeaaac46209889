"""The errors CloudStack answers with: HTTP status, its own exception number and a text."""

INVALID_PARAMETER = 4350
RUNTIME = 4250
RESOURCE_ALLOCATION = 4370
SERVER_API = 9999


class ApiError(Exception):
    """One refused request or failed job; `code` is the HTTP status or the job's result code (ApiErrorCode.java)."""

    def __init__(self, code: int, text: str, exception: int = RUNTIME) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.exception = exception

    def body(self) -> dict[str, object]:
        """The error as it stands inside `<command>response` or `jobresult`."""
        return {"uuidList": [], "errorcode": self.code, "cserrorcode": self.exception, "errortext": self.text}


class JobFailed(ApiError):
    """A failed job whose result code is kept as it is (an injected fault)."""


def refused(text: str) -> ApiError:
    """InvalidParameterValueException: 431 at once, 530 when it comes out of a job."""
    return ApiError(431, text, INVALID_PARAMETER)


def failed(text: str) -> ApiError:
    """CloudRuntimeException: 530 everywhere."""
    return ApiError(530, text, RUNTIME)


def exceeded(resource: str, account: str) -> ApiError:
    """ResourceAllocationException of a quota."""
    text = f"Maximum number of resources of type '{resource}' for account name={account} in domain id=1 has been exceeded."
    return ApiError(535, text, RESOURCE_ALLOCATION)


def unauthorized() -> ApiError:
    """What CloudStack says to a wrong key, a wrong signature and an expired request alike."""
    return ApiError(401, "unable to verify user credentials and/or request signature", SERVER_API)


def unknown_command(command: str) -> ApiError:
    """A command that does not exist or that the account has no right to."""
    text = f"The given command '{command}' either does not exist, is not available for user, or not available from ip address '/127.0.0.1'."
    return ApiError(432, text, SERVER_API)


def unknown_entity(command: str, parameter: str, value: str) -> ApiError:
    """A parameter that names no row (ParamProcessWorker)."""
    text = (
        f"Unable to execute API command {command.lower()} due to invalid value. Invalid parameter {parameter} value={value} "
        "due to incorrect long value format, or entity does not exist or due to incorrect parameter annotation "
        "for the field in api cmd class."
    )
    return ApiError(431, text, SERVER_API)


def missing_parameter(command: str, parameter: str) -> ApiError:
    """A required parameter that was not given (ParamProcessWorker)."""
    return ApiError(431, f"Unable to execute API command {command.lower()} due to missing parameter {parameter}", SERVER_API)
