"""Does with the OASIS client all that it can do, and prints what came of it as JSON.

Arguments: URL of the discovery, file of the CA, user. The password comes on standard input.
"""

import json
import sys

import requests
from taxii2client.v21 import Server, as_pages

url, ca, user = sys.argv[1:]
password = sys.stdin.readline().strip()

ADDED = {
    "type": "indicator",
    "spec_version": "2.1",
    "id": "indicator--00000000-0000-4000-8000-000000000001",
    "created": "2026-01-01T00:00:00.000Z",
    "modified": "2026-01-01T00:00:00.000Z",
    "name": "a name with \u00fcmlauts",
    "pattern": "[domain-name:value = 'added.example']",
    "pattern_type": "stix",
    "valid_from": "2026-01-01T00:00:00Z",
}


def ids(pages):
    return [each["id"] for page in pages for each in page.get("objects", [])]


def refused(call):
    try:
        call()
    except requests.exceptions.HTTPError as error:
        return error.response.status_code
    return 200


server = Server(url, user=user, password=password, verify=ca)
root = server.default
root.refresh()
collection = root.collections[0]
collection.refresh()

objects = ids(as_pages(collection.get_objects, per_request=3))
manifest = ids(as_pages(collection.get_manifest, per_request=4))
first = collection.get_objects(limit=5)
later = first.headers["X-TAXII-Date-Added-Last"]
rest = ids(as_pages(collection.get_objects, per_request=50, added_after=later))
indicators = ids(as_pages(collection.get_objects, per_request=2, type=["indicator"]))
status = collection.add_objects({"objects": [ADDED, {"type": "malware"}]})
again = collection.add_objects({"objects": [ADDED]})
asked = root.get_status(status.id)
# At the address that the client makes of it, which has no slash at the end.
asked.url = asked.url.rstrip("/")
asked.refresh()
one = collection.get_object(indicators[0], version="all")

print(json.dumps({
    "title": server.title,
    "roots": len(server.api_roots),
    "versions": root.versions,
    "writable": collection.can_write,
    "unknown": [collection.custom_properties, asked.custom_properties],
    "objects": objects,
    "manifest": manifest,
    "rest": rest,
    "indicators": indicators,
    "byId": ids([collection.get_objects(id=indicators[:2])]),
    "one": [each["id"] for each in one["objects"]],
    "versionsOfOne": len(collection.object_versions(indicators[0])["versions"]),
    "empty": collection.get_objects(added_after="2100-01-01T00:00:00Z").json(),
    "status": [status.status, status.success_count, status.failure_count, status.pending_count],
    "again": [again.status, again.success_count, again.failure_count],
    "asked": [asked.status, asked.total_count],
    "deleted": refused(lambda: collection.delete_object(indicators[0])),
    "wrongPassword": refused(lambda: Server(url, user=user, password="tocsin_no", verify=ca).title),
    "wrongFilter": refused(lambda: collection.get_objects(nonsense="x")),
    "oldAccept": refused(lambda: collection.get_objects(accept="application/vnd.oasis.taxii+json; version=2.0")),
}))
