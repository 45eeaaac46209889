"""The API's front: signature, dispatch, answers and the request log."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from aiohttp import web

from .cloud import Cloud
from .commands import COMMANDS, Command
from .errors import ApiError, exceeded, missing_parameter, unauthorized, unknown_command
from .faults import Fault, Kind
from .jobs import Work
from .wire import Params, Row, is_signed

PATH = "/client/api"
MAX_BODY = 1024**2
BROKEN: tuple[Kind, ...] = ("unavailable", "disconnect")
REFUSING: tuple[Kind, ...] = ("error", "quota")


class Api:
    """Answers requests on `/client/api`."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def application(self) -> web.Application:
        """The HTTP application."""
        application = web.Application(client_max_size=MAX_BODY)
        application.router.add_get(PATH, self._serve)
        application.router.add_post(PATH, self._serve)
        return application

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        """One request: answered, or broken as ordered."""
        sent = await _parameters(request)
        lowered = {name.lower(): value for name, value in sent.items()}
        command = lowered.get("command", "")
        broken = self._cloud.faults.take(BROKEN, command, lowered)
        if broken is not None:
            self._log(request, command, sent, 503, broken.kind)
            return _break(request, broken)
        try:
            status, body = 200, self._answer(command, sent)
            outcome = f"job {body['jobid']}" if "jobid" in body and command.lower() != "queryasyncjobresult" else "ok"
        except ApiError as error:
            status, body, outcome = error.code, error.body(), error.text
        self._log(request, command, sent, status, outcome)
        text = json.dumps({f"{command.lower()}response": body})
        return web.Response(status=status, text=text, content_type="application/json")

    def _answer(self, name: str, sent: Mapping[str, str]) -> Row:
        """The body of a good answer; raises ApiError."""
        params = Params(name, sent)
        if params.text("apikey") != self._cloud.world.api_key or not is_signed(sent, self._cloud.world.secret_key, datetime.now(UTC)):
            raise unauthorized()
        command = self._command(params)
        self._refuse_as_ordered(command, params)
        answer = command.handler(self._cloud, params)
        if not isinstance(answer, Work):
            if not command.name.startswith(("list", "query", "get")):
                self._cloud.save()
            return answer
        settings = self._cloud.settings
        job = self._cloud.jobs.start(params, answer, settings.command_seconds.get(command.name, settings.job_seconds))
        return {"id": answer.entity_id, "jobid": job.id} if answer.creates else {"jobid": job.id}

    def _command(self, params: Params) -> Command:
        """The command, if it exists, is allowed and has its parameters."""
        command, is_admin = COMMANDS.get(params.command.lower()), self._cloud.config.administrator
        if command is None or (command.administrators_only and not is_admin) or self._cloud.is_denied(command.name):
            raise unknown_command(params.command)
        for parameter in command.required:
            if not params.text(parameter):
                raise missing_parameter(params.command, parameter)
        return command

    def _refuse_as_ordered(self, command: Command, params: Params) -> None:
        """Raise the failure that was ordered for this request."""
        fault = self._cloud.faults.take(REFUSING, command.name, params.values)
        if fault is None:
            return
        if fault.kind == "quota":
            raise exceeded("primary_storage", self._cloud.config.account)
        raise ApiError(fault.code, fault.text)

    def _log(self, request: web.Request, command: str, sent: Mapping[str, str], status: int, outcome: str) -> None:
        """Keep the request."""
        api_key = next((value for name, value in sent.items() if name.lower() == "apikey"), "")
        self._cloud.log.write(command, sent, request.headers.get("User-Agent", ""), api_key, status, outcome)


async def _parameters(request: web.Request) -> dict[str, str]:
    """The parameters of the query and, for POST, of the body."""
    sent = dict(request.query)
    if request.method == "POST":
        form = await request.post()
        sent |= {name: value for name, value in form.items() if isinstance(value, str)}
    return sent


def _break(request: web.Request, fault: Fault) -> web.StreamResponse:
    """What a proxy says when the management server is away, or nothing at all."""
    if fault.kind == "disconnect" and request.transport is not None:
        request.transport.abort()
    return web.Response(status=503, text="<html><body><h1>503 Service Unavailable</h1></body></html>", content_type="text/html")
