#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# OpenStack Swift with its s3api on 127.0.0.1, for tests: proxy, account, container and object server of one node with
# one device, in one process, on ports that the kernel chooses. Started by swift_server.cpp.
#
#   swift_server.py FOLDER KEY      FOLDER is empty and on a file system with user xattrs
#
# Writes the proxy's port to FOLDER/port when it takes requests. The user test:tester signs with KEY.
import os
import sys
import time

import eventlet
import eventlet.hubs

eventlet.hubs.use_hub("poll")
eventlet.patcher.monkey_patch()

from eventlet import wsgi  # noqa: E402
from swift.common import utils  # noqa: E402

SERVERS = ("account", "container", "object")

SWIFT = """
[swift-hash]
swift_hash_path_suffix = test
[storage-policy:0]
name = one
default = yes
"""

STORAGE = """
[DEFAULT]
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
fallocate_reserve = 0
disable_fallocate = true
log_address = {folder}/no-syslog
[pipeline:main]
pipeline = {name}-server
[app:{name}-server]
use = egg:swift#{name}
"""

PROXY = """
[DEFAULT]
swift_dir = {folder}
log_address = {folder}/no-syslog
[pipeline:main]
pipeline = catch_errors s3api tempauth proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = {key} .admin
"""


class NoCache:
    """Stands for memcached, which s3api asks for and can do without: remembers nothing."""

    def get(self, *_args, **_more):
        return None

    def set(self, *_args, **_more):
        pass

    def delete(self, *_args, **_more):
        pass


def with_no_cache(app):
    def handle(environment, start_response):
        environment["swift.cache"] = NoCache()
        return app(environment, start_response)

    return handle


def write(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)
    return os.path.join(folder, name)


def make_ring(folder, name, port):
    from swift.common.ring import RingBuilder

    builder = RingBuilder(1, 1, 0)
    builder.add_dev({"id": 0, "region": 1, "zone": 1, "ip": "127.0.0.1", "port": port, "device": "disk", "weight": 1})
    builder.rebalance()
    builder.get_ring().save(os.path.join(folder, name + ".ring.gz"))


def serve(socket, conf):
    from swift.common.http_protocol import SwiftHttpProtocol
    from swift.common.wsgi import loadapp

    eventlet.spawn(wsgi.server, socket, with_no_cache(loadapp(conf)), utils.NullLogger(), protocol=SwiftHttpProtocol, log_output=False)


def main(folder, key):
    write(folder, "swift.conf", SWIFT)
    os.makedirs(os.path.join(folder, "devices", "disk"))
    # Before anything is imported that would read the machine's own /etc/swift.
    utils.set_swift_dir(folder)
    sockets = {name: eventlet.listen(("127.0.0.1", 0)) for name in SERVERS + ("proxy",)}
    for name in SERVERS:
        make_ring(folder, name, sockets[name].getsockname()[1])
    for name in SERVERS:
        serve(sockets[name], write(folder, name + ".conf", STORAGE.format(folder=folder, name=name)))
    serve(sockets["proxy"], write(folder, "proxy.conf", PROXY.format(folder=folder, key=key)))
    write(folder, "port.new", str(sockets["proxy"].getsockname()[1]))
    os.rename(os.path.join(folder, "port.new"), os.path.join(folder, "port"))
    while True:
        time.sleep(3600)


main(*sys.argv[1:])
