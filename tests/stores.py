"""An object store and a web server on loopback, which end with the test."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

BUCKET = "logs-of-a-fleet"


@contextmanager
def s3(files: Mapping[str, bytes]) -> Iterator[str]:
    """s3://bucket/ with these files, for as long as it is open; the environment says where it is, as it would of any other S3."""
    import boto3
    from moto.server import ThreadedMotoServer
    from s3fs import S3FileSystem

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        with pytest.MonkeyPatch.context() as patch:
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
                patch.setenv(name, "testing")
            patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
            patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
            patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
            client = boto3.client("s3")
            client.create_bucket(Bucket=BUCKET)
            for name, content in files.items():
                client.put_object(Bucket=BUCKET, Key=name, Body=content)
            client.close()
            S3FileSystem.clear_instance_cache()  # it remembers where an earlier store was
            yield f"s3://{BUCKET}/"
    finally:
        server.stop()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextmanager
def web(folder: Path) -> Iterator[str]:
    """http://host:port/ with the files of a folder; it knows no ranges."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join(10)
