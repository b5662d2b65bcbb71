"""Starts the jobs that are about other programs and other machines: the API, nodes, lending, endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.cancellation import CancelToken
from engine.events import JobId, Noticed, RemoteTried
from engine.jobs.desk_part import DeskPart
from engine.jobs.endpoints import (
    forget_key,
    hold_key,
    models_offered,
    tidied,
    with_remote,
    without_remote,
)
from engine.jobs.late import Late
from engine.jobs.lending_switch import LendingSwitch
from engine.jobs.serving import ApiServer
from engine.remote.keys import Keys
from engine.server.keys import OWN_KEY, renew_key
from engine.settings import Remote

if TYPE_CHECKING:
    from engine.jobs.node_board import NodeBoard


class NeighbourJobs(DeskPart):
    _api: ApiServer
    _nodes: Late[NodeBoard]
    _lending: LendingSwitch
    _keys: Keys

    def serve(self) -> JobId:
        return self._job("serve", self._start_api)

    def renew_api_key(self) -> JobId:
        def renew(job: JobId, token: CancelToken) -> None:
            renew_key(self._paths.config / OWN_KEY)
            if self._api.running:
                self._start_api(job, token)

        return self._job("renew-key", renew)

    def _start_api(self, job: JobId, token: CancelToken) -> None:
        settings = self.settings
        self._api.start(job, token, settings.serve_port, settings.serve_beyond)

    def stop_serving(self) -> JobId:
        return self._job("stop-serving", lambda job, token: self._api.stop(job))

    def list_nodes(self) -> JobId:
        return self._job("nodes", lambda job, token: self._nodes().list(job))

    def add_node(self, address: str, key: str) -> JobId:
        return self._job("add-node", lambda job, token: self._nodes().add(job, address, key))

    def renew_node(self, address: str) -> JobId:
        return self._job("try-node", lambda job, token: self._nodes().renew(job, address))

    def remove_node(self, address: str) -> JobId:
        return self._job("remove-node", lambda job, token: self._nodes().remove(job, address))

    def lend(self, new_key: bool = False) -> JobId:
        return self._job(
            "lend",
            lambda job, token: self._lending.start(job, token, self.settings.lend_port, new_key),
        )

    def stop_lending(self) -> JobId:
        return self._job("stop-lending", lambda job, token: self._lending.stop(job))

    def try_remote(self, url: str, key: str) -> JobId:
        return self._job(
            "try-remote",
            lambda job, token: self._emit(RemoteTried(job, models_offered(self._keys, url, key, token))),
        )

    def add_remote(self, remote: Remote, key: str, instead_of: str = "") -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            kept = tidied(remote)
            hold_key(self._keys, kept.url, key)
            self._change(lambda settings: with_remote(settings, kept, instead_of))
            self._list_models(job)
            # Last: a keyring may wait for its owner, and nothing here has to wait for it.
            if instead_of:
                forget_key(self._keys, instead_of, self.settings)
            warning = self._keys.keep(kept.url)
            if warning is not None:
                self._emit(Noticed(job, warning))

        return self._job("add-remote", work)

    def remove_remote(self, url: str) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            self._change(lambda settings: without_remote(settings, url))
            self._list_models(job)
            forget_key(self._keys, url, self.settings)

        return self._job("remove-remote", work)
