"""`swath token` and `swath user`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from swath.cli import exit_codes
from swath.cli.options import HomeOption, JsonOption, print_documents
from swath.core.access import Scope
from swath.core.errors import InvalidConfig
from swath.settings import load_settings

token_app = typer.Typer(no_args_is_help=True, help="Make, list and revoke tokens.")
user_app = typer.Typer(no_args_is_help=True, help="Make and list users.")


@token_app.command("create")
def create_token_command(
    name: Annotated[str, typer.Option("--name", help="What it is for, to recognise it later.")] = "token",
    scope: Annotated[str, typer.Option("--scope", help="owner, member, worker or read-only.")] = "member",
    user: Annotated[str | None, typer.Option("--user", help="Whose it is (default: the owner of the home).")] = None,
    expires_days: Annotated[int | None, typer.Option("--expires-days", help="Days it is good for.")] = None,
    home: HomeOption = None,
) -> int:
    """Make a token and print it, alone and only now: nobody can ask for it again."""
    from swath.wiring.access import create_token

    if scope not in list(Scope):
        raise InvalidConfig(f"`--scope` is one of {', '.join(f'`{name}`' for name in Scope)}, got `{scope}`")
    if expires_days is not None and not 1 <= expires_days <= 36_500:
        raise InvalidConfig(f"`--expires-days` is a number from 1 to 36500, got `{expires_days}`")
    print(create_token(load_settings(home=home), name=name, scope=Scope(scope), user=user, expires_days=expires_days))
    return exit_codes.OK


@token_app.command("list")
def list_tokens_command(home: HomeOption = None, as_json: JsonOption = False) -> int:
    """List the tokens and the logged-in browsers of all users."""
    from swath.wiring.access import list_tokens

    found = list_tokens(load_settings(home=home))
    if as_json:
        print_documents(found)
        return exit_codes.OK
    if not found:
        print("There are no tokens yet: `swath token create` makes one.")
    for token in found:
        state = "revoked" if token.revoked_at is not None else f"used {_when(token.last_used_at)}"
        until = "" if token.expires_at is None else f", until {_when(token.expires_at)}"
        print(f"{token.id}  {token.scope:<9}  {token.user}  {token.name}  ({state}{until})")
    return exit_codes.OK


@token_app.command("revoke")
def revoke_token_command(
    token: Annotated[str, typer.Argument(help="Name or id of the token.")], home: HomeOption = None
) -> int:
    """Make a token useless from now on."""
    from swath.wiring.access import revoke_token

    revoke_token(load_settings(home=home), token)
    return exit_codes.OK


@user_app.command("create")
def create_user_command(name: Annotated[str, typer.Argument(help="Name of the user.")], home: HomeOption = None) -> int:
    """Make a user; `swath token create --user NAME` lets them in."""
    from swath.wiring.access import create_user

    user = create_user(load_settings(home=home), name)
    print(f"{user.name} ({user.id})")
    return exit_codes.OK


@user_app.command("list")
def list_users_command(home: HomeOption = None, as_json: JsonOption = False) -> int:
    """List all users."""
    from swath.wiring.access import list_users

    found = list_users(load_settings(home=home))
    if as_json:
        print_documents(found)
        return exit_codes.OK
    for user in found:
        print(f"{user.id}  {user.name}" + ("  (owns this home)" if user.is_local else ""))
    return exit_codes.OK


def _when(milliseconds: int | None) -> str:
    if milliseconds is None:
        return "never"
    return datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
