"""Operations on users and organizations."""

from __future__ import annotations

from comet_async.server.domino.calls import Call, Handler
from comet_async.server.domino.ids import Kind, made_id
from comet_async.server.domino.keeping import Kept
from comet_async.server.domino.refusing import missing
from comet_async.server.domino.world import Rows, World, made
from comet_async.server.problems import ApiError
from comet_async.server.records import Json, JsonObject

__all__ = ["HANDLERS"]

_USERS = Kept("User", "UserV1", lambda call: call.world.users, "user", "users")


def _organizations(world: World) -> Rows:
    def make(at: int) -> JsonObject:
        users = range(min(2, world.spec.users))
        members: list[Json] = [
            {"userId": made_id(Kind.USER, user), "organizationRole": "member" if user else "admin"}
            for user in users
        ]
        return {
            "id": made_id(Kind.ORGANIZATION, at),
            "name": f"organization-{at + 1}",
            "members": members,
        }

    count = world.spec.organizations
    return world.rows("organizations", make=lambda: made(Kind.ORGANIZATION, count, make))


_ORGANIZATIONS = Kept(
    "Organization",
    "OrganizationV1",
    lambda call: _organizations(call.world),
    "org",
    "orgs",
    "organizationId",
)


def _named(call: Call, row: JsonObject) -> bool:
    return call.text("nameFilter").lower() in str(row["name"]).lower()


def _members(row: JsonObject, without: str) -> list[Json]:
    members = row["members"]
    if not isinstance(members, list):
        return []
    return [item for item in members if isinstance(item, dict) and item["userId"] != without]


def get_current_user(call: Call) -> JsonObject:
    """Return the caller."""
    found = call.world.users.get(call.world.caller)
    if found is None:
        raise ApiError(401, "You must be logged in to do that")
    return call.one("user", found)


def get_user_git_creds(call: Call) -> JsonObject:
    """Return the git credentials of a user."""
    user_id = call.path["userId"]
    if call.world.users.get(user_id) is None:
        raise missing("User", user_id)
    row: JsonObject = {
        "id": made_id(Kind.OTHER, 0),
        "name": "key",
        "domain": "github.com",
        "protocol": "ssh",
        "fingerprint": "00:01",
        "gitServiceProvider": "Github",
    }
    return call.one("credentials", [row])


def add_user_to_org(call: Call) -> JsonObject:
    """Add a member, or change the role of one."""
    row, user_id = _ORGANIZATIONS.find(call), call.member("userId")
    if call.world.users.get(user_id) is None:
        raise missing("User", user_id)
    member: JsonObject = {"userId": user_id, "organizationRole": call.member("organizationRole")}
    return _ORGANIZATIONS.put(call, {**row, "members": [*_members(row, user_id), member]})


def remove_user_from_org(call: Call) -> JsonObject:
    """Take a member out."""
    row, user_id = _ORGANIZATIONS.find(call), call.text("memberToRemoveId")
    kept = _members(row, user_id)
    if kept == row["members"]:
        raise missing("Member", user_id)
    return _ORGANIZATIONS.put(call, {**row, "members": kept})


HANDLERS: dict[str, Handler] = {
    "get_current_user": get_current_user,
    "get_visible_users": _USERS.lists(),
    "get_user_git_creds": get_user_git_creds,
    "get_user_orgs": _ORGANIZATIONS.lists(_named),
    "get_all_orgs": _ORGANIZATIONS.lists(_named),
    "create_org": _ORGANIZATIONS.creates("name"),
    "get_org": _ORGANIZATIONS.fetches(),
    "add_user_to_org": add_user_to_org,
    "remove_user_from_org": remove_user_from_org,
}
"""Handler of each operation."""
