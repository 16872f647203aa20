"""AWS's price files as AWS writes them, small, and a server on this machine that answers with them.

https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-service-price-list-file-for-services.html
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

REGION = "eu-central-1"
_TERM, _RATE = "JRTCKXETXF", "6YS6EN2CT7"  # the codes that AWS gives to terms on demand and their rates


def product(sku: str, usage: str, operation: str = "", region: str = REGION) -> dict[str, Any]:
    """Return a product of a price file."""
    facts = {"regionCode": region, "usagetype": usage, "operation": operation, "locationType": "AWS Region"}
    return {"sku": sku, "productFamily": "of no interest", "attributes": facts}


def term(sku: str, *tiers: tuple[str, str], currency: str = "USD") -> dict[str, Any]:
    """Return a product's term on demand, of tiers (where each begins, its price)."""
    ends = [*(begin for begin, _ in tiers[1:]), "Inf"]
    dimensions = {
        f"{sku}.{_TERM}.{_RATE}{number}": {
            "rateCode": f"{sku}.{_TERM}.{_RATE}{number}",
            "description": "a price",
            "beginRange": begin,
            "endRange": end,
            "unit": "of no interest",
            "pricePerUnit": {currency: price},
            "appliesTo": [],
        }
        for number, ((begin, price), end) in enumerate(zip(tiers, ends, strict=True))
    }
    of_term = {
        "offerTermCode": _TERM,
        "sku": sku,
        "effectiveDate": "2026-08-01T00:00:00Z",
        "priceDimensions": dimensions,
        "termAttributes": {},
    }
    return {f"{sku}.{_TERM}": of_term}


def price_file(service: str, products: list[dict[str, Any]], terms: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Return a price file of one service in one Region."""
    return {
        "formatVersion": "v1.0",
        "disclaimer": "This pricing list is for informational purposes only.",
        "offerCode": service,
        "version": "20260814190028",
        "publicationDate": "2026-08-14T19:00:28Z",
        "products": {one["sku"]: one for one in products},
        "terms": {"OnDemand": dict(terms)},
        "attributesList": {},
    }


def dynamodb() -> dict[str, Any]:
    """Return the price file of DynamoDB, with what looks like the products that are wanted and is another."""
    throughput = "PayPerRequestThroughput"
    products = [
        product("W", "EUC1-WriteRequestUnits", throughput),
        product("WIA", "EUC1-IA-WriteRequestUnits", throughput),
        product("WR", "EUC1-ReplWriteRequestUnits", throughput),
        product("R", "EUC1-ReadRequestUnits", throughput),
        product("C", "EUC1-WriteCapacityUnit-Hrs", "CommittedThroughput"),
        product("S", "EUC1-TimedStorage-ByteHrs"),
    ]
    terms = {
        "W": term("W", ("0", "0.0000007625000000")),
        "WIA": term("WIA", ("0", "0.0000009550000000")),
        "WR": term("WR", ("0", "0.0000011440000000")),
        "R": term("R", ("0", "0.0000001525000000")),
        "C": term("C", ("0", "0.0000000000"), ("18600", "0.0007930000")),
        "S": term("S", ("0", "0.0000000000"), ("25", "0.3060000000")),
    }
    return price_file("AmazonDynamoDB", products, terms)


def keys() -> dict[str, Any]:
    """Return the price file of KMS, whose usage types begin with the Region's own name."""
    return price_file("awskms", [product("K", "eu-central-1-KMS-Keys")], {"K": term("K", ("0", "1.0000000000"))})


@contextmanager
def serving(files: Mapping[str, bytes | int]) -> Iterator[str]:
    """Answer with each service's file, or with a status; of others with 403, as AWS does; yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            service = self.path.split("/")[4] if self.path.endswith(f"/current/{REGION}/index.json") else ""
            answer = files.get(service, 403)
            self.send_response(answer if isinstance(answer, int) else 200)
            self.end_headers()
            self.wfile.write(answer if isinstance(answer, bytes) else b"")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def as_bytes(document: Any) -> bytes:
    """Return a document as the server sends it."""
    return json.dumps(document).encode()
