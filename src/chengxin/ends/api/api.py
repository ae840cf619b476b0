"""The API itself: its operations, its strict parser, its errors, and its OpenAPI 3.1 document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ninja import NinjaAPI
from ninja.renderers import JSONRenderer

from chengxin.ends.api.operations import router
from chengxin.ends.api.parser import StrictParser
from chengxin.ends.api.problems import MEDIA_TYPE, STATUS_OF, answer

if TYPE_CHECKING:
    from ninja.openapi.schema import OpenAPISchema

FIRST_ERROR = 400

DESCRIPTION = """城市公共信用信息平台接口。每个操作都需要令牌（Authorization: Bearer …）和该操作的授权（x-grant）；
错误一律为 application/problem+json（RFC 9457），先中文后英文。平台不提供自然人查询。

The city's public credit information platform for other systems. Every operation needs a token and its grant (x-grant);
every error is a problem document (RFC 9457), Chinese first. Natural persons cannot be looked up."""


class Utf8Renderer(JSONRenderer):
    """JSON with Chinese written as Chinese."""

    json_dumps_params: dict[str, Any] = {"ensure_ascii": False}  # noqa: RUF012 - declared so by the framework


class ChengxinApi(NinjaAPI):
    """The framework's API with errors documented as what they are: problem documents."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """Return the OpenAPI document; errors have the media type of problem details."""
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        for operations in schema["paths"].values():
            for operation in operations.values():
                operation.setdefault("security", [])
                operation["responses"] = dict(sorted(operation["responses"].items(), key=lambda one: int(one[0])))
                for status, response in operation["responses"].items():
                    if int(status) >= FIRST_ERROR and "content" in response:
                        response["content"] = {MEDIA_TYPE: next(iter(response["content"].values()))}
        return schema


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
for _kind, _status in STATUS_OF:
    api.add_exception_handler(_kind, answer)
