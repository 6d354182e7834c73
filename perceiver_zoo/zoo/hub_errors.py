"""What goes wrong between here and the Hub, each in one sentence that a person can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from perceiver_zoo.zoo.hub import HubFile


class DownloadError(Exception):
    """One sentence: what went wrong with a file of the Hub, and what to do."""


class Unreachable(DownloadError):
    """The Hub does not answer, or not as a Hub: what is on this machine may still do."""


class NotThere(DownloadError):
    """The Hub answers, but has not this file at this revision and commit: another file may still do."""


@contextmanager
def in_words(repo: str, file: HubFile) -> Iterator[None]:
    """Turn what the Hub's client raises into a DownloadError; other people's exceptions pass."""
    import httpx2

    try:
        yield
    except DownloadError:
        raise
    # hf_xet raises RuntimeErrors.
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError, RuntimeError) as error:
        raise (of_the_hub(error, repo, file) or of_the_way(error, repo, file)) from error


def of_the_hub(error: Exception, repo: str, file: HubFile) -> DownloadError | None:
    """What the Hub itself has refused; None where it was something else."""
    from huggingface_hub import errors

    hub = host()
    match error:
        case errors.GatedRepoError():
            return DownloadError(
                f"{repo} has terms to accept first: accept them on {hub}/{repo}, "
                "and set HF_TOKEN to a token of that account"
            )
        case errors.RepositoryNotFoundError():
            return DownloadError(
                f"{hub} has no model {repo}, or shows it to its members only: check the name, or set HF_TOKEN"
            )
        case errors.RevisionNotFoundError():
            return NotThere(f"{repo} has no revision {file.revision} on {hub}")
        case errors.RemoteEntryNotFoundError():
            return NotThere(f"{repo} has no file {file.file} at the revision {file.revision} on {hub}")
        case errors.HfHubHTTPError() if error.response.status_code in (401, 403):
            return DownloadError(f"{hub} refuses access to {repo}: check the token that HF_TOKEN holds")
        case errors.HfHubHTTPError():
            return Unreachable(f"{hub} answered {error.response.status_code} for {repo}: try again later")
        case errors.HFValidationError():
            return DownloadError(f"{repo!r} is not the name of a model on the Hub, such as user/model")
    return None


def of_the_way(error: Exception, repo: str, file: HubFile) -> DownloadError:
    """What has failed on the way from the Hub to this disk."""
    import httpx2
    from huggingface_hub import constants, errors

    hub = host()
    match error:
        case errors.OfflineModeIsEnabled():
            return Unreachable(
                f"{repo} is not on this machine and HF_HUB_OFFLINE is set: unset it and run `perceiver-zoo download`"
            )
        case httpx2.ReadError() | httpx2.WriteError() | httpx2.ReadTimeout() | httpx2.RemoteProtocolError():
            return Unreachable(
                f"the connection to {hub} broke while {file.file} of {repo} was read: try again"
            )
        case httpx2.HTTPError() | httpx2.InvalidURL() | errors.LocalEntryNotFoundError():
            return Unreachable(
                f"{hub} cannot be reached{reason(error)} and {repo} is not on this machine: "
                "run `perceiver-zoo download` with a network, or set HF_ENDPOINT to a mirror"
            )
        case OSError() if error.errno is not None:
            return DownloadError(
                f"{file.file} of {repo} cannot be written to {constants.HF_HUB_CACHE} "
                f"({error.strerror}): make room there, or set HF_HOME to a folder on another disk"
            )
    return DownloadError(f"{file.file} of {repo} did not arrive whole: try again")


def reason(error: Exception) -> str:
    """What the network said, for whoever has to find out why; the client's own errors say it at length."""
    said = str(error).splitlines()
    return f" ({said[0][:100]})" if said and not isinstance(error, FileNotFoundError) else ""


def host() -> str:
    """The Hub's name in sentences: without a scheme, and without a password that HF_ENDPOINT may hold."""
    from huggingface_hub import constants

    return urlsplit(constants.ENDPOINT).netloc.rpartition("@")[2] or constants.ENDPOINT
