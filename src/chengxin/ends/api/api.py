"""The API itself: its operations, its strict parser, its errors, and its OpenAPI 3.1 document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import URLPattern, URLResolver
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.renderers import JSONRenderer

from chengxin.ends.api import conversion_operations
from chengxin.ends.api.operations import FIELDS, router
from chengxin.ends.api.parser import StrictParser
from chengxin.ends.api.problems import MEDIA_TYPE, STATUS_OF, answer

if TYPE_CHECKING:
    from ninja.openapi.schema import OpenAPISchema

FIRST_ERROR = 400

DESCRIPTION = """城市公共信用信息平台接口。每个请求都要签名（RFC 9421，Ed25519 或 SM2），每个操作都要有授权（x-grant）；
令牌（Authorization: Bearer …）只供获准的演练调用方使用。错误一律为 application/problem+json（RFC 9457），先中文后英文。
平台不提供自然人查询。

The city's public credit information platform for other systems. Every request is signed (RFC 9421, Ed25519 or SM2) and
every operation needs its grant (x-grant); a bearer token serves rehearsal clients that were allowed it. Every error is
a problem document (RFC 9457), Chinese first. Natural persons cannot be looked up."""


TOKEN, SIGNATURE = "token", "signature"
SCHEMES = {
    TOKEN: {
        "type": "http",
        "scheme": "bearer",
        "description": "rehearsal clients that were allowed it; refused with bearer_not_allowed for all others",
    },
    SIGNATURE: {
        "type": "http",
        "scheme": "signature",
        "description": (
            "HTTP Message Signature (RFC 9421) with its Signature-Input: one signature, ed25519 or sm2-sm3, over "
            "@method, @target-uri and, with a body, content-type and content-digest (RFC 9530), with created, expires, "
            "nonce and keyid"
        ),
    },
}
"""How a client proves who it is; a certificate of mutual TLS stands behind the city's proxy and needs no header."""


class Utf8Renderer(JSONRenderer):
    """JSON with Chinese written as Chinese."""

    json_dumps_params: dict[str, Any] = {"ensure_ascii": False}  # noqa: RUF012 - declared so by the framework


class ChengxinApi(NinjaAPI):
    """The framework's API with errors documented as what they are: problem documents."""

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        """Return the addresses; the OpenAPI document is for reading, where the framework would take any method."""
        found = super()._get_urls()
        for one in found:
            if isinstance(one, URLPattern) and one.name == "openapi-json":
                one.callback = require_safe(one.callback)
        return found

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """Return the OpenAPI document; errors have the media type of problem details."""
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        for operations in schema["paths"].values():
            for operation in operations.values():
                operation["security"] = [{TOKEN: []}, {SIGNATURE: []}] if operation.get("security") else []
                _say_more(operation)
                operation["responses"] = dict(sorted(operation["responses"].items(), key=lambda one: int(one[0])))
                for status, response in operation["responses"].items():
                    if int(status) >= FIRST_ERROR and "content" in response:
                        response["content"] = {MEDIA_TYPE: next(iter(response["content"].values()))}
        if "components" in schema:
            schema["components"]["securitySchemes"] = SCHEMES
        return schema


def _say_more(operation: dict[str, Any]) -> None:
    """Add to the operation's fields what their types do not say."""
    more = (FIELDS | conversion_operations.FIELDS).get(operation["operationId"], {})
    for parameter in operation["parameters"]:
        parameter["schema"] |= more.get(parameter["name"], {})
    for content in operation.get("requestBody", {}).get("content", {}).values():
        for name, held in content["schema"].get("properties", {}).items():
            held.update(more.get(name, {}))


api = ChengxinApi(
    title="诚信 Chengxin",
    version="1.0.0",
    description=DESCRIPTION,
    docs_url=None,
    parser=StrictParser(),
    renderer=Utf8Renderer(),
    urls_namespace="api",
)
api.add_router("", router)
api.add_router("", conversion_operations.router)
for _kind, _status in STATUS_OF:
    api.add_exception_handler(_kind, answer)
