"""Receivers of webhooks on this machine, and a certificate for them."""

from __future__ import annotations

import datetime as dt
import ssl
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from evaluator.notifications.webhook_client import WebhookClient


@dataclass
class Receiver:
    """What came, and what is answered: one status after the other, then 200."""

    url: str = ""
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: deque[int] = field(default_factory=deque)
    arrived: threading.Event = field(default_factory=threading.Event)
    location: str = ""
    """Where a redirect leads."""
    gate: threading.Event | None = None
    """No answer before it is set, if there is one."""


@contextmanager
def receiving(tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Receiver]:
    """A running receiver."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.came.append((dict(self.headers), body))
            receiver.arrived.set()
            if receiver.gate:
                receiver.gate.wait(60)
            self.send_response(receiver.answers.popleft() if receiver.answers else 200)
            self.send_header("Location", receiver.location)
            self.send_header("Set-Cookie", "seen=1")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_what: Any) -> None:
            """Nothing on stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver.url = f"http{'s' if tls else ''}://{host}:{server.server_address[1]}/hook?key=1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        if receiver.gate:
            receiver.gate.set()
        server.shutdown()
        server.server_close()
        thread.join(10)


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The server's and the client's side of a certificate for a name, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*form))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return server, ssl.create_default_context(cafile=str(folder / "cert.pem"))


class LoopbackWebhookClient(WebhookClient):
    """Takes addresses of this machine for public ones, at any port."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"ports": range(1, 65536)} | options)

    def is_allowed(self, address: str) -> bool:
        return address in ("127.0.0.1", "::1")
