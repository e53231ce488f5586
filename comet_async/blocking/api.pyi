from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Literal, Self, TypeVar, Unpack, overload

import pandas as pd

from comet_async import bulk, comet
from comet_async.api.selection import QueryColumn
from comet_async.api.short_forms import Curve, Extremes, Image, MetricColumns, PlainValue
from comet_async.blocking.facade import Facade
from comet_async.blocking.session import Session
from comet_async.comet.experiments import Experiment
from comet_async.credentials import Credentials, Secret
from comet_async.engine.download import Downloaded
from comet_async.events import Observer
from comet_async.query import Expression
from comet_async.request import Blob, Request
from comet_async.service import Limits

__all__ = ["API", "APIExperiment", "Model"]
K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

class API(Facade):
    """The verbs of the vendor's client, concurrent, typed and cached.

    `async with API() as api:` or `api = API()` and later `await api.close()`. Key and URL come
    from where `comet.service` finds them. Nothing is sent before the first verb.

    Args:
        api_key: The key, or a hook that gives it; default as `comet.service` finds it.
        cache: Whether reads are kept; `do_not_cache` names exceptions.
        version: Version of the REST API; "v2" is the only one.
        url: Root of the server; default as `comet.service` finds it.
        session: A session to use, which stays open; it has its own key and URL.
        limits: How hard the server may be driven; default `comet.DEFAULT_LIMITS`.
        observer: Told of attempts, waits and bytes.

    Raises:
        UsageError: There is no key anywhere; or a session and something that it has already are
            both given; or the version is another.
    """

    def get_metrics_for_chart(
        self,
        experiment_keys: Sequence[str],
        metrics: Sequence[str] | None = None,
        parameters: Sequence[str] | None = None,
        independent: bool = True,
        full: bool = False,
    ) -> dict[str, comet.ChartExperiment]:
        """Return metrics and parameters of many experiments by key.

        Any number of keys goes in batches of 250 (25 if `full`), many at a time.

        Args:
            experiment_keys: Experiment keys.
            metrics: Names of metrics.
            parameters: Names of parameters.
            independent: Each metric with its own steps.
            full: Up to 15,000 points for each metric instead of a sample of about 500.
        """

    def get_metrics_df(
        self,
        experiment_keys: Sequence[str],
        metrics: Sequence[str],
        x_axis: str = "step",
        interpolate: bool = True,
    ) -> pd.DataFrame | None:
        """Return metrics of many experiments as a frame of pandas.

        Args:
            experiment_keys: Experiment keys.
            metrics: Names of metrics, which become columns.
            x_axis: "step", "epoch" or "duration".
            interpolate: Whether gaps are filled linearly, at the places of all experiments.

        Returns:
            Columns experiment_key, experiment_name, the axis and the metrics; None when there is
            nothing.

        Raises:
            UsageError: pandas is not installed, or there is no such axis.
        """

    def get_query_variables(self, workspace: str, project_name: str) -> list[QueryColumn]:
        """Return what an expression can name in a project, of the classes of `comet_async.query`.

        Args:
            workspace: The workspace.
            project_name: The project.
        """

    def query(
        self,
        workspace: str,
        project_name: str,
        query: Expression | str,
        archived: bool = False,
        *,
        strict: bool = True,
    ) -> list[APIExperiment]:
        """Return the experiments of a project that match an expression.

        Three requests for any number of them: columns, keys, and one listing for the metadata
        (of a few keys, a request for each at the same time).

        Args:
            workspace: The workspace.
            project_name: The project.
            query: Which experiments are wanted, as `(Metric("loss") < 0.1) & Tag("best")`, or
                the text of it.
            archived: Of the archived experiments instead.
            strict: Whether a name that is no column of the project is refused.

        Raises:
            UsageError: It is no expression, or names an unknown column; near names are told.
        """

    def search(
        self,
        workspace: str,
        project_name: str,
        query: Expression | str,
        archived: bool = False,
        page: int | None = None,
        page_size: int | None = None,
        *,
        strict: bool = True,
    ) -> list[APIExperiment]:
        """Return the experiments of a project that match an expression, by the newer search.

        Args:
            workspace: The workspace.
            project_name: The project.
            query: As for `query`.
            archived: Of the archived experiments instead.
            page: Only this page, from 1; default all of them.
            page_size: Experiments on a page; default 100 with `page`, else as many as are cheap.
            strict: Whether a name that is no column of the project is refused.

        Raises:
            UsageError: It is no expression, or names an unknown column; near names are told.
            NotFoundError: There is no such project.
        """

    def create_experiment(
        self, workspace: str, project_name: str, name: str | None = None
    ) -> APIExperiment:
        """Create an experiment on the server and return it.

        `APIExperiment(...)` of the vendor's client does this in its constructor.

        Args:
            workspace: The workspace.
            project_name: The project; made if it is missing.
            name: Its name.
        """

    def archive_experiment(self, experiment_key: str) -> None:
        """Move one experiment to the archive of its project."""

    def archive_experiments(
        self, experiment_keys: Sequence[str], **options: Unpack[bulk.Options]
    ) -> list[str]:
        """Move experiments to the archive, and return the keys of those that were moved now.

        Args:
            experiment_keys: Experiment keys.
            **options: As in `bulk.Options`.

        Raises:
            WritesFailed: Some failed; all were tried.
        """

    def restore_experiment(self, experiment_key: str) -> None:
        """Bring one experiment back from the archive."""

    def delete_experiment(self, experiment_key: str) -> None:
        """Delete one experiment for good."""

    def delete_experiments(
        self,
        experiment_keys: Sequence[str],
        *,
        confirm: bool = False,
        **options: Unpack[bulk.Options],
    ) -> list[str]:
        """Delete experiments for good, and return the keys of those that were deleted now.

        Args:
            experiment_keys: Experiment keys.
            confirm: Must be true, but for a dry run: nothing brings them back.
            **options: As in `bulk.Options`.

        Raises:
            UsageError: It is not confirmed.
            WritesFailed: Some failed; all were tried.
        """

    def stop_experiment(self, experiment_key: str) -> None:
        """Ask a running experiment to stop."""

    def move_experiments(
        self,
        experiment_keys: Sequence[str],
        target_workspace: str,
        target_project_name: str,
        symlink: bool = False,
        **options: Unpack[bulk.Options],
    ) -> None:
        """Move experiments to another project, or link them there, 100 in a request.

        Args:
            experiment_keys: Experiment keys.
            target_workspace: Workspace of the other project.
            target_project_name: The other project.
            symlink: Leave the experiments where they are and make links.
            **options: As in `bulk.Options`.

        Raises:
            WritesFailed: Some failed; all were tried.
        """

    def create_project(
        self,
        workspace: str,
        project_name: str,
        project_description: str | None = None,
        public: bool = False,
    ) -> comet.CreatedProject:
        """Create a project and return its id.

        Args:
            workspace: The workspace.
            project_name: Its name.
            project_description: Free text.
            public: Whether everybody can read it.
        """

    def update_project(
        self,
        workspace: str,
        project_name: str,
        new_project_name: str | None = None,
        description: str | None = None,
        public: bool | None = None,
    ) -> None:
        """Rename, describe or publish a project; what is None stays.

        Args:
            workspace: Its workspace.
            project_name: Its name.
            new_project_name: Its new name.
            description: Free text.
            public: Whether everybody can read it.
        """

    def update_project_by_id(
        self,
        project_id: str,
        new_project_name: str | None = None,
        description: str | None = None,
        public: bool | None = None,
    ) -> None:
        """Rename, describe or publish a project; what is None stays.

        Args:
            project_id: Its id.
            new_project_name: Its new name.
            description: Free text.
            public: Whether everybody can read it.
        """

    def delete_project(
        self,
        workspace: str | None = None,
        project_name: str | None = None,
        project_id: str | None = None,
        delete_experiments: bool = False,
    ) -> None:
        """Delete a project for good.

        Args:
            workspace: Its workspace, with `project_name`.
            project_name: Its name.
            project_id: Its id, in place of both.
            delete_experiments: Whether its experiments go with it.
        """

    def set_project_notes(self, workspace: str, project_name: str, notes: str) -> None:
        """Replace the notes of a project.

        Raises:
            NotFoundError: There is no such project.
        """

    def set_project_owner(self, project_id: str, user_name: str) -> None:
        """Give a project to another user."""

    def create_project_share_key(self, project_id: str) -> str:
        """Make a share key of a project and return it; it opens the project to whoever has it."""

    def delete_project_share_key(self, project_id: str, share_key: str) -> None:
        """Revoke a share key of a project."""

    def create_view(
        self, workspace: str, project_name: str, view: comet.View
    ) -> comet.UpsertedView:
        """Save a view on a project, as a new one whatever the id of `view`, and return its id.

        Args:
            workspace: The workspace.
            project_name: The project.
            view: The view; of another project too.

        Raises:
            UsageError: The view has no name.
            NotFoundError: There is no such project.
        """

    @overload
    def get(
        self, workspace: None = None, project_name: None = None, experiment: None = None
    ) -> list[str]: ...
    @overload
    def get(self, workspace: str, project_name: str, experiment: str) -> APIExperiment | None: ...
    @overload
    def get(
        self, workspace: str, project_name: str, experiment: None = None
    ) -> list[APIExperiment] | APIExperiment | None: ...
    @overload
    def get(
        self,
        workspace: str | None = None,
        project_name: str | None = None,
        experiment: str | None = None,
    ) -> list[str] | list[APIExperiment] | APIExperiment | None:
        """Return what a path names.

        Args:
            workspace: A workspace, or a path as "workspace/project/experiment"; None for the
                names of all workspaces.
            project_name: A project, or "project/experiment"; None for the names of the projects.
            experiment: Key or name; None for all experiments of the project.

        Returns:
            Names, experiments, or one experiment (None when there is none). A type checker knows
            which from the arguments, but where a text may be a path: `get_experiments` and
            `get_experiment` leave nothing open.

        Raises:
            UsageError: The path goes on in an argument that is given as well.
        """

    def get_experiments(
        self,
        workspace: str,
        project_name: str | None = None,
        pattern: str | None = None,
        page: int | None = None,
        page_size: int | None = None,
        sort_by: str | None = None,
        sort_order: str | None = None,
    ) -> list[APIExperiment]:
        """Return the experiments of a project, or of all projects of a workspace.

        One request for each project, many at a time; none for an experiment.

        Args:
            workspace: The workspace.
            project_name: The project; None for all of the workspace.
            pattern: Only those whose key or name begins with what this regular expression matches.
            page: Only this page of a project, from 1; needs `page_size`. Default everything.
            page_size: Experiments on the page.
            sort_by: "startTime" or "endTime".
            sort_order: "asc" or "desc".

        Raises:
            UsageError: A page without project or size, or a pattern that is no regular expression.
        """

    def get_archived_experiments(
        self, workspace: str, project_name: str | None = None, pattern: str | None = None
    ) -> list[APIExperiment]:
        """Return the archived experiments of a project, or of all projects of a workspace.

        Args:
            workspace: The workspace.
            project_name: The project; None for all of the workspace.
            pattern: As for `get_experiments`.
        """

    def gen_experiments(
        self,
        workspace: str,
        project_name: str | None = None,
        pattern: str | None = None,
        page: int | None = None,
        page_size: int | None = None,
        sort_by: str | None = None,
        sort_order: str | None = None,
    ) -> Iterator[APIExperiment]:
        """Give what `get_experiments` returns one by one, a page of 1,000 at a time.

        Args:
            workspace: The workspace.
            project_name: The project; None for all of the workspace.
            pattern: As for `get_experiments`.
            page: Only this page of a project, from 1. Default everything.
            page_size: Experiments on the page; with no `page`, in one request of many.
            sort_by: "startTime" (the default) or "endTime".
            sort_order: "asc" (the default) or "desc".
        """

    def get_experiment(
        self, workspace: str, project_name: str, experiment: str
    ) -> APIExperiment | None:
        """Return one experiment by its key, else by its exact name; None when there is none.

        Args:
            workspace: Its workspace.
            project_name: Its project.
            experiment: Key or name.
        """

    def get_archived_experiment(
        self, workspace: str, project_name: str, experiment: str
    ) -> APIExperiment | None:
        """Return one experiment by its key, else an archived one by its exact name.

        Args:
            workspace: Its workspace.
            project_name: Its project.
            experiment: Key or name.
        """

    def get_experiment_by_key(self, experiment_key: str) -> APIExperiment | None:
        """Return one experiment; None when there is none of that key."""

    def get_experiment_by_id(self, experiment: str) -> APIExperiment | None:
        """Return one experiment; the old name of `get_experiment_by_key`."""

    def with_metrics(
        self, experiments: Iterable[APIExperiment], *metrics: str
    ) -> list[APIExperiment]:
        """Return experiments as a list that shows the last values of metrics beside them.

        A request for each experiment whose summary is not in the cache, many at a time.

        Args:
            experiments: The experiments.
            metrics: Names of the metrics to be shown; none for up to four that most of them have.
        """

    def get_panel_experiments(self) -> list[APIExperiment]:
        """Return the experiments of the configured project.

        Raises:
            UsageError: Workspace or project is not configured.
        """

    def get_panel_experiment_keys(self) -> list[str]:
        """Return the keys of the experiments of the configured project.

        Raises:
            UsageError: Workspace or project is not configured.
        """

    def get_workspaces(self) -> list[str]:
        """Return the names of the workspaces that the key can read."""

    def get_account_details(self) -> comet.AccountDetails:
        """Return the user and the default workspace of the key."""

    def get_default_workspace(self) -> str | None:
        """Return the name of the default workspace of the key."""

    def get_projects(self, workspace: str) -> list[str]:
        """Return the names of the projects of a workspace; `project_ids` tells their ids too."""

    def project_ids(self, workspace: str) -> dict[str, str]:
        """Return the id of each project of a workspace by its name."""

    def get_project(self, workspace: str, project_name: str) -> comet.Project | None:
        """Return one project; None when there is none."""

    def get_project_by_id(self, project_id: str) -> comet.Project | None:
        """Return one project; None when there is none."""

    def get_project_notes(self, workspace: str, project_name: str) -> str | None:
        """Return the notes of a project; None or "" when there are none.

        Raises:
            NotFoundError: There is no such project.
        """

    def get_project_share_keys(self, project_id: str) -> list[str]:
        """Return the share keys of a project; each opens it to whoever has it."""

    def get_views(
        self, workspace: str, project_name: str, include_workspace_views: bool = False
    ) -> list[comet.View]:
        """Return the saved views of a project.

        Args:
            workspace: Its workspace.
            project_name: Its name.
            include_workspace_views: The workspace's views as well.

        Raises:
            NotFoundError: There is no such project.
        """

    def get_panel_workspace(self) -> str | None:
        """Return the configured workspace (COMET_WORKSPACE); None when there is none."""

    def get_panel_project_name(self) -> str | None:
        """Return the configured project (COMET_PROJECT_NAME); None when there is none."""

    def get_panel_project_id(self) -> str:
        """Return the id of the configured project.

        Raises:
            UsageError: Workspace or project is not configured.
            NotFoundError: There is no such project.
        """

    def get_panel_metrics_names(self) -> list[str]:
        """Return the names of the metrics of the configured project, without those of the system.

        Raises:
            UsageError: Workspace or project is not configured.
        """

    def update_registry_model(
        self,
        workspace: str,
        registry_name: str,
        new_name: str | None = None,
        description: str | None = None,
        public: bool | None = None,
    ) -> None:
        """Rename, describe or publish a registered model; what is None stays.

        Args:
            workspace: Its workspace.
            registry_name: Its name.
            new_name: Its new name.
            description: Free text.
            public: Whether everybody can read it.
        """

    def update_registry_model_notes(self, workspace: str, registry_name: str, notes: str) -> None:
        """Replace the notes of a registered model."""

    def update_registry_model_version(
        self,
        workspace: str,
        registry_name: str,
        version: str,
        comment: str | None = None,
        stages: Sequence[str] | None = None,
    ) -> None:
        """Change comment and stages of a version; what is None stays.

        Args:
            workspace: Its workspace.
            registry_name: Name of the model.
            version: As "1.0.0".
            comment: Free text.
            stages: The older way of what is now its status.
        """

    def add_registry_model_version_stage(
        self, workspace: str, registry_name: str, version: str, stage: str
    ) -> None:
        """Add a stage to a version."""

    def delete_registry_model_version_stage(
        self, workspace: str, registry_name: str, version: str, stage: str
    ) -> None:
        """Remove a stage from a version."""

    def delete_registry_model_version(
        self, workspace: str, registry_name: str, version: str
    ) -> None:
        """Delete one version of a registered model for good."""

    def delete_registry_model(self, workspace: str, registry_name: str) -> None:
        """Delete a registered model with all its versions for good."""

    def get_model(self, workspace: str, model_name: str) -> Model:
        """Return a registered model.

        Raises:
            ClientError: There is no such model.
        """

    def get_registry_model_names(self, workspace: str) -> list[str]:
        """Return the names of the registered models of a workspace."""

    def get_registry_model_count(self, workspace: str) -> int:
        """Return how many models a workspace has registered."""

    @overload
    def get_registry_model_details(
        self, workspace: str, registry_name: str, version: None = None
    ) -> comet.RegistryModelDetails: ...
    @overload
    def get_registry_model_details(
        self, workspace: str, registry_name: str, version: str
    ) -> comet.RegistryVersion | None:
        """Return a registered model with all its versions, or one version.

        Args:
            workspace: Its workspace.
            registry_name: Its name.
            version: As "1.0.0"; None is returned when there is no such version.
        """

    def get_registry_model_versions(self, workspace: str, registry_name: str) -> list[str]:
        """Return the versions of a registered model, as "1.0.0"."""

    def get_registry_model_notes(self, workspace: str, registry_name: str) -> str | None:
        """Return the notes of a registered model; None or "" when there are none."""

    def get_latest_registry_model_version_details(
        self,
        workspace: str,
        registry_name: str,
        stage: str | None = None,
        version_major: int | None = None,
        version_minor: int | None = None,
    ) -> comet.RegistryModelDetails:
        """Return a registered model with its newest version only.

        Args:
            workspace: Its workspace.
            registry_name: Its name.
            stage: Newest version of this stage.
            version_major: Newest version with this first number.
            version_minor: Newest version with this second number.
        """

    def get_model_registry_version_assets(
        self,
        workspace: str,
        registry_name: str,
        version: str | None = None,
        stage: str | None = None,
    ) -> comet.VersionAssets:
        """Return the files of one version with their links.

        Args:
            workspace: Its workspace.
            registry_name: Its name.
            version: As "1.0.0"; neither this nor `stage` means the newest.
            stage: Newest version of this stage.

        Raises:
            NotFoundError: There is no such version.
        """

    def model_registry_allowed_status_values(self, workspace: str) -> list[str]:
        """Return the statuses that versions of registered models may have."""

    def download_registry_model(
        self,
        workspace: str,
        registry_name: str,
        version: str | None = None,
        output_path: Path | str = "./",
        expand: bool = True,
        stage: str | None = None,
        *,
        overwrite: bool = True,
    ) -> list[Path]:
        """Fetch one version of a registered model and return the files that were written.

        Args:
            workspace: Its workspace.
            registry_name: Its name.
            version: As "1.0.0"; neither this nor `stage` means the newest.
            output_path: Folder; made if it is missing.
            expand: Whether its files are wanted, instead of `NAME_VERSION.zip`.
            stage: Newest version of this stage.
            overwrite: Whether files may be replaced.

        Raises:
            ArchiveError: The archive is damaged or dangerous; nothing was written.
        """

    def download_experiment_asset(
        self,
        experiment_key: str,
        asset_id: str,
        output_path: Path | str,
        log_progress: bool = False,
        *,
        overwrite: bool = True,
    ) -> Path:
        """Stream one file of an experiment to disk, which appears whole or not at all.

        Args:
            experiment_key: Experiment key.
            asset_id: Id of the file.
            output_path: The file to write; its folder must exist.
            log_progress: Ignored: an observer of the session is told of all bytes.
            overwrite: Whether the file may be replaced.
        """

    def get_artifact_list(
        self, workspace: str, artifact_type: str | None = None
    ) -> comet.Artifacts:
        """Return the artifacts of a workspace.

        Args:
            workspace: The workspace.
            artifact_type: Only artifacts of this type, as "dataset".
        """

    def get_artifact_details(
        self,
        workspace: str | None = None,
        artifact_name: str | None = None,
        artifact_id: str | None = None,
    ) -> comet.ArtifactDetails:
        """Return one artifact with all its versions.

        Args:
            workspace: Its workspace, with `artifact_name`.
            artifact_name: Its name.
            artifact_id: Its id, in place of both.
        """

    def get_artifact_files(
        self,
        workspace: str | None = None,
        artifact_name: str | None = None,
        artifact_id: str | None = None,
        version: str | None = None,
        alias: str | None = None,
    ) -> comet.ArtifactFiles:
        """Return the files of one version of an artifact.

        Args:
            workspace: Its workspace, with `artifact_name`.
            artifact_name: Its name.
            artifact_id: Its id, in place of both.
            version: As "1.0.0".
            alias: Another name of the version, in place of it.
        """

    def get_artifact(
        self,
        workspace: str,
        artifact_name: str,
        version: str | None = None,
        alias: str | None = None,
    ) -> comet.ArtifactVersion:
        """Return one version of an artifact.

        Args:
            workspace: Its workspace.
            artifact_name: Its name.
            version: As "1.0.0".
            alias: Another name of the version; "latest" when neither is given.
        """

    def download_artifact(
        self,
        workspace: str,
        artifact_name: str,
        version_or_alias: str = "latest",
        output_path: Path | str = "./",
        *,
        overwrite: bool = True,
    ) -> list[Path]:
        """Fetch all stored files of one version of an artifact and return those written.

        Remote files are left out: `get_artifact_files` tells their links.

        Args:
            workspace: Its workspace.
            artifact_name: Its name.
            version_or_alias: As "1.0.0" or "latest".
            output_path: Folder; made if it is missing.
            overwrite: Whether files may be replaced.
        """

    def __init__(
        self,
        api_key: str | Secret | Credentials | None = None,
        cache: bool = True,
        version: str = ...,
        *,
        url: str | None = None,
        session: Session | None = None,
        limits: Limits | None = None,
        observer: Observer | Iterable[Observer] | None = None,
    ) -> None: ...
    @property
    def session(self) -> Session:
        """The session in use, for what has no verb here; its writes are unknown to the cache.

        Raises:
            UsageError: Nothing was asked yet, or it is closed.
        """

    @property
    def server_url(self) -> str:
        """Root URL of the server."""

    def send(self, request: Request[T]) -> T:
        """Return the answer to any request: reads by way of the cache, writes past it.

        Raises:
            CometAsyncError: As `Session.send` does.
        """

    def known(self, request: Request[T]) -> T | None:
        """Return the answer to a read if the cache has it, without a request; else None."""

    def send_each(self, pairs: Iterable[tuple[K, Request[T]]]) -> dict[K, T]:
        """Return the answers to any number of requests, by key and in order, many at a time.

        The first failure stops the rest.

        Raises:
            CometAsyncError: As `Session.send` does.
        """

    def send_all(self, pairs: Iterable[tuple[str, Request[object]]]) -> list[str]:
        """Send any number of writes, many at a time, and return their keys.

        One operation upon thousands of experiments is rather for `comet_async.bulk`, which has a
        ledger, a dry run, and an account of each.

        Raises:
            CometAsyncError: The first failure, when all have been tried; a note tells the others.
        """

    def download(
        self, request: Request[Blob], path: Path | str, *, overwrite: bool = False
    ) -> Downloaded:
        """Stream octets to a file, which appears whole or not at all; a large one can go on.

        Raises:
            CometAsyncError: As `Session.download` does.
        """

    def send_or_none(self, request: Request[T]) -> T | None:
        """Return the answer, or None where the server says that there is no such thing.

        Raises:
            CometAsyncError: As `Session.send` does, but for status 404, and for 400 of an
                experiment, by which older servers mean the same.
        """

    def use_cache(self, cache: bool | None = None) -> bool:
        """Return whether reads are kept, after switching that on or off if `cache` is given."""

    def do_cache(self, *endpoints: str) -> None:
        """Keep answers of these reads, named by their path as "experiments".

        Raises:
            UsageError: One is no read.
        """

    def do_not_cache(self, *endpoints: str) -> None:
        """Keep no answers of these reads, named by their path as "experiment/tags".

        Raises:
            UsageError: One is no read.
        """

    def clear_cache(self) -> None:
        """Forget all answers."""

    def update_cache(self) -> None:
        """Forget all answers; the old name of `clear_cache`."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
    def close(self) -> None:
        """Close it, as leaving a `with` block does."""

class APIExperiment(Facade):
    """One experiment: properties for what is known, `await` for what needs a request.

    `API.get_experiment_by_key`, `API.get_experiments` and the like make it; none of them costs a
    request for each experiment. `API.create_experiment` makes a new one on the server.

    Args:
        api: The `API` that sends its requests.
        metadata: What is known of it.
    """

    def to_json(self, full: bool = False) -> dict[str, object]:
        """Return the experiment as plain values.

        Args:
            full: Whether everything but the files is wanted too: 13 requests at the same time.
        """

    def get_metadata(self) -> comet.Experiment:
        """Return the metadata as the server has it now; the properties tell of it from then on."""

    def get_name(self) -> str | None:
        """Return the present name."""

    def get_state(self) -> str:
        """Return "running", "crashed" or "finished"."""

    def get_tags(self) -> list[str]:
        """Return the tags."""

    def get_metrics(self, metric: str | None = None) -> list[comet.MetricPoint]:
        """Return the stored points of one metric, or of all.

        Args:
            metric: Exact, case-sensitive name; None for all, in one request (a server older than
                that endpoint is asked for each metric).
        """

    @overload
    def get_metrics_summary(self, metric: None = None) -> list[comet.ValueSummary]: ...
    @overload
    def get_metrics_summary(self, metric: str) -> comet.ValueSummary | None:
        """Return the largest, smallest and last value of one metric, or of all.

        Args:
            metric: Exact name; its entry is None when there is no such metric.
        """

    @overload
    def get_parameters_summary(self, parameter: None = None) -> list[comet.ValueSummary]: ...
    @overload
    def get_parameters_summary(self, parameter: str) -> comet.ValueSummary | None:
        """Return one parameter, or all; `parameters` is shorter.

        Args:
            parameter: Exact name; its entry is None when there is no such parameter.
        """

    @overload
    def get_others_summary(self, other: None = None) -> list[comet.ValueSummary]: ...
    @overload
    def get_others_summary(self, other: str) -> list[str | int | float | None]:
        """Return all other values, or the last values of one name; `others` is shorter.

        Args:
            other: Exact name.
        """

    def parameters(self) -> dict[str, PlainValue]:
        """Return every parameter by name, numbers and booleans as such."""

    def others(self) -> dict[str, PlainValue]:
        """Return every other value by name, numbers and booleans as such."""

    def metric(self, name: str) -> MetricColumns:
        """Return one metric in columns: step, epoch, time, value. Ready to plot."""

    def metric_extremes(self) -> dict[str, Extremes]:
        """Return minimum, maximum and last value of every metric by name, as floats."""

    def get_metric_total_df(
        self, metric_name: str, fallback_to_sampled_data: bool = True
    ) -> pd.DataFrame | None:
        """Return a metric whole, of the assets that hold what the server thinned out.

        Args:
            metric_name: Exact, case-sensitive name.
            fallback_to_sampled_data: Whether the stored points will do where there is no asset.

        Returns:
            Columns value, timestamp (seconds since 1970 UTC), step, epoch, datetime, and duration
            (seconds since the row before); None when there is nothing.

        Raises:
            UsageError: pandas is not installed.
            DecodeError: An asset is damaged.
        """

    def get_asset_list(self, asset_type: str = "all", timeout: float = ...) -> list[comet.Asset]:
        """Return what is known of the files.

        Args:
            asset_type: One of `comet.ASSET_TYPES`.
            timeout: Seconds for the answer, which is slow for many files.
        """

    @overload
    def get_asset(
        self, asset_id: str, return_type: Literal["binary"] = "binary", stream: bool = False
    ) -> bytes: ...
    @overload
    def get_asset(
        self, asset_id: str, return_type: Literal["text"], stream: bool = False
    ) -> str: ...
    @overload
    def get_asset(self, asset_id: str, return_type: str, stream: bool = False) -> object:
        """Return the content of one file.

        Args:
            asset_id: Id of the file.
            return_type: "binary" for bytes, "json" for what the document holds, "text", or
                "response" for a `Blob` with its content type.
            stream: Refused: `API.download_experiment_asset` streams to a file.

        Raises:
            DecodeError: The content is not what `return_type` says.
        """

    def get_asset_by_name(
        self,
        asset_filename: str,
        asset_type: str = "all",
        return_type: str = "binary",
        stream: bool = False,
        timeout: float = ...,
    ) -> object:
        """Return the content of the first file of a name; None when there is none.

        Args:
            asset_filename: Exact name.
            asset_type: One of `comet.ASSET_TYPES`.
            return_type: As for `get_asset`.
            stream: As for `get_asset`.
            timeout: Seconds for the listing.
        """

    def get_assets_by_name(
        self,
        asset_filename: str,
        asset_type: str | None = None,
        return_type: str = "binary",
        timeout: float = ...,
    ) -> list[object]:
        """Return the contents of all files of a name, fetched at the same time.

        Args:
            asset_filename: Exact name.
            asset_type: One of `comet.ASSET_TYPES`.
            return_type: As for `get_asset`.
            timeout: Seconds for the listing.
        """

    def get_curves(self) -> list[Curve]:
        """Return all curves, their files fetched at the same time."""

    def get_curve(self, asset_id: str) -> Curve:
        """Return one curve.

        Args:
            asset_id: Id of its file.
        """

    def images(self) -> list[Image]:
        """Return the images with their links, in the server's order."""

    def get_model_names(self) -> list[str]:
        """Return the names of the models that were logged, each once."""

    def get_model_asset_list(self, model_name: str) -> list[comet.Asset]:
        """Return what is known of the files of a model.

        Args:
            model_name: Exact name.
        """

    def get_model_data(self, name: str) -> list[comet.Asset]:
        """Return the files of a model; the old name of `get_model_asset_list`."""

    def download_model(
        self,
        name: str,
        output_path: Path | str = "./",
        expand: bool = True,
        *,
        overwrite: bool = True,
    ) -> list[Path]:
        """Fetch a model and return the files that were written.

        Args:
            name: Name of the model.
            output_path: Folder; made if it is missing.
            expand: Whether its files are wanted, instead of `NAME.zip`.
            overwrite: Whether files may be replaced.

        Raises:
            ArchiveError: The archive is damaged or dangerous; nothing was written.
        """

    def download_tensorflow_folder(
        self, output_path: Path | str = "./", overwrite: bool = False
    ) -> list[Path]:
        """Fetch all files of a TensorFlow folder and return those that were written.

        Args:
            output_path: Folder; made if it is missing.
            overwrite: Whether files may be replaced; else those that exist are left out.
        """

    def get_artifact_lineage(self, direction: str = "all") -> dict[str, object]:
        """Return the artifacts that were read and made, as the server words it.

        Args:
            direction: "all", "input" or "output".

        Raises:
            UsageError: `direction` is another.
        """

    def get_views(
        self, include_workspace_views: bool = False, include_workspace_project_views: bool = False
    ) -> list[comet.View]:
        """Return the views of this experiment, and its chart templates in the same form.

        Args:
            include_workspace_views: The workspace's views as well.
            include_workspace_project_views: The workspace's chart templates as well.
        """

    def get_system_details(self) -> comet.SystemDetails:
        """Return all that is known of the system."""

    def get_user(self) -> str | None:
        """Return the login name on the machine."""

    def get_python_version(self) -> str | None:
        """Return the version of Python, as "3.12.11"."""

    def get_python_version_verbose(self) -> str | None:
        """Return the version of Python with build and compiler."""

    def get_pid(self) -> int | None:
        """Return the process id."""

    def get_os_type(self) -> str | None:
        """Return the type of the system, as "Linux"."""

    def get_os(self) -> str | None:
        """Return the platform text of the system."""

    def get_os_release(self) -> str | None:
        """Return the kernel's release."""

    def get_ip(self) -> str | None:
        """Return the address of the machine."""

    def get_hostname(self) -> str | None:
        """Return the name of the machine."""

    def get_executable(self) -> str | None:
        """Return the path of the interpreter."""

    def get_machine(self) -> str | None:
        """Return the machine type, as "x86_64"."""

    def get_processor(self) -> str | None:
        """Return the processor, as "x86_64"."""

    def get_total_memory(self) -> int | float | None:
        """Return the memory of the machine, in bytes."""

    def get_max_memory(self) -> int | float | None:
        """Return the memory as the client logged it; None in all answers seen."""

    def get_command(self) -> list[str]:
        """Return the command line in parts."""

    def get_network_interface_ips(self) -> list[str]:
        """Return the addresses of the machine."""

    def get_installed_packages(self) -> list[str]:
        """Return the Python packages, as "numpy==2.1.0"."""

    def get_os_packages(self) -> list[str]:
        """Return the packages of the system, as "apt=2.4.14"."""

    def get_system_metric_names(self) -> list[str]:
        """Return the names of system metrics, as "sys.ram.used"."""

    def get_gpu_static_info(self) -> list[comet.Gpu]:
        """Return the GPUs, one entry for each."""

    def get_additional_system_info(self) -> list[comet.AdditionalSystemInfo]:
        """Return further facts about the system."""

    def get_environment_details(self) -> list[str]:
        """Return the packages of the system; the old name of `get_os_packages`."""

    def get_git_metadata(self) -> comet.GitMetadata:
        """Return user, root, branch, parent and origin of the repository."""

    def get_git_patch(self) -> bytes | None:
        """Return the patch, mostly as a zip archive; None when there is none."""

    def get_code(self) -> str | None:
        """Return the source code; None when there is none."""

    def get_html(self) -> str | None:
        """Return the HTML that was logged; None when there is none. Never show it unescaped."""

    def get_output(self) -> str | None:
        """Return all console output; None when there is none."""

    def get_model_graph(self) -> str | None:
        """Return the model's graph as text; None when there is none."""

    def log_metric(
        self,
        metric: str,
        value: float | str,
        step: int | None = None,
        epoch: int | None = None,
        timestamp: float | None = None,
    ) -> None:
        """Log one value of a metric; NaN and infinities are values too.

        Args:
            metric: Its name.
            value: The value.
            step: Step of the training.
            epoch: Epoch of the training.
            timestamp: Seconds since 1970 UTC.
        """

    def log_metrics(
        self,
        metric_dict: Mapping[str, object],
        step: int | None = None,
        epoch: int | None = None,
        timestamp: float | None = None,
    ) -> None:
        """Log one value of each of several metrics.

        Args:
            metric_dict: Values by name; names of nested dicts are joined by "/".
            step: Step of the training.
            epoch: Epoch of the training.
            timestamp: Seconds since 1970 UTC.
        """

    def log_parameter(
        self, parameter: str, value: object, step: int | None = None, timestamp: float | None = None
    ) -> None:
        """Set one parameter.

        Args:
            parameter: Its name.
            value: The value; None goes as null.
            step: Step of the training.
            timestamp: Seconds since 1970 UTC.
        """

    def log_parameters(
        self,
        param_dict: Mapping[str, object],
        step: int | None = None,
        timestamp: float | None = None,
        nested_support: bool = True,
    ) -> None:
        """Set several parameters.

        Args:
            param_dict: Values by name.
            step: Step of the training.
            timestamp: Seconds since 1970 UTC.
            nested_support: Whether names of nested dicts are joined by "|", ten deep; the
                experiment is then marked as having such parameters.
        """

    def log_other(self, key: str, value: object, timestamp: float | None = None) -> None:
        """Set another value; the key "Name" renames the experiment.

        Args:
            key: Its name.
            value: The value; None goes as null.
            timestamp: Seconds since 1970 UTC.
        """

    def set_name(self, name: str) -> None:
        """Rename the experiment."""

    def delete_parameter(self, parameter: str) -> bool:
        """Delete one parameter and return True."""

    def delete_parameters(self, parameters: Sequence[str]) -> bool:
        """Delete several parameters in one request and return True."""

    def add_tag(self, tag: str) -> None:
        """Add one tag."""

    def add_tags(self, tags: Sequence[str]) -> None:
        """Add several tags in one request."""

    def delete_tags(self, tags: Sequence[str]) -> None:
        """Delete several tags in one request."""

    def log_html(self, html: str, clear: bool = False, timestamp: float | None = None) -> None:
        """Log HTML after what there is, or in its place.

        Args:
            html: The text.
            clear: Whether it replaces what there is.
            timestamp: Seconds since 1970 UTC.
        """

    def log_output(
        self,
        output: str,
        context: str | None = None,
        stderr: bool = False,
        timestamp: float | None = None,
    ) -> None:
        """Log what a script printed, after what there is.

        Args:
            output: One or more lines, in one request.
            context: Context as "train" or "val".
            stderr: Whether it went to standard error.
            timestamp: Seconds since 1970 UTC; default now.
        """

    def log_cpu_metrics(
        self,
        cpu_metrics: Sequence[int],
        context: str | None = None,
        step: int | None = None,
        epoch: int | None = None,
        timestamp: float | None = None,
    ) -> None:
        """Log the load of the processors.

        Args:
            cpu_metrics: Percent, one number for each processor.
            context: Context as "train" or "val".
            step: Step of the training.
            epoch: Epoch of the training.
            timestamp: Seconds since 1970 UTC.
        """

    def log_gpu_metrics(self, gpu_metrics: Sequence[Mapping[str, int]]) -> None:
        """Log the load of the GPUs.

        Args:
            gpu_metrics: For each GPU gpuId, freeMemory, usedMemory, gpuUtilization, totalMemory.

        Raises:
            UsageError: One of the five is missing.
        """

    def log_load_metrics(
        self,
        load_avg: float,
        context: str | None = None,
        step: int | None = None,
        epoch: int | None = None,
        timestamp: float | None = None,
    ) -> None:
        """Log the load average of the machine.

        Args:
            load_avg: The average.
            context: Context as "train" or "val".
            step: Step of the training.
            epoch: Epoch of the training.
            timestamp: Seconds since 1970 UTC.
        """

    def log_ram_metrics(
        self,
        total_ram: int,
        used_ram: int,
        context: str | None = None,
        step: int | None = None,
        epoch: int | None = None,
        timestamp: float | None = None,
    ) -> None:
        """Log the use of memory.

        Args:
            total_ram: Bytes in all.
            used_ram: Bytes in use.
            context: Context as "train" or "val".
            step: Step of the training.
            epoch: Epoch of the training.
            timestamp: Seconds since 1970 UTC.
        """

    def set_state(self, state: str) -> None:
        """Set the state.

        Args:
            state: "running", "finished" or "crashed".

        Raises:
            UsageError: `state` is another.
        """

    def set_start_time(self, start_server_timestamp: int) -> None:
        """Set when it began, in milliseconds since 1970 UTC, and read the metadata anew."""

    def set_end_time(self, end_server_timestamp: int) -> None:
        """Set when it ended, in milliseconds since 1970 UTC, and read the metadata anew."""

    def update_status(self) -> comet.Heartbeat:
        """Say that it is still running, and return how often to say so."""

    def archive(self) -> None:
        """Move the experiment to the archive of its project."""

    def create_symlink(self, project_name: str) -> str | None:
        """Link the experiment into another project of its workspace, and return the link."""

    def log_asset(
        self,
        filename: Path | str,
        step: int | None = None,
        name: str | None = None,
        overwrite: bool | None = None,
        context: str | None = None,
        ftype: str | None = None,
        metadata: Mapping[str, object] | None = None,
    ) -> comet.UploadedAsset:
        """Send a file and return what became of it.

        Args:
            filename: Path of the file.
            step: Step of the training.
            name: Name of the asset; default the last part of the path.
            overwrite: Whether assets of that name are replaced.
            context: Context as "train" or "val".
            ftype: One of `comet.ASSET_TYPES`; default "asset".
            metadata: Data of your own.
        """

    def log_image(
        self,
        filename: Path | str,
        image_name: str | None = None,
        step: int | None = None,
        overwrite: bool | None = None,
        context: str | None = None,
        metadata: Mapping[str, object] | None = None,
    ) -> comet.UploadedAsset:
        """Send an image and return what became of it.

        Args:
            filename: Path of the file.
            image_name: Its name; default the last part of the path.
            step: Step of the training.
            overwrite: Whether images of that name are replaced.
            context: Context as "train" or "val".
            metadata: Data of your own.
        """

    def log_video(
        self,
        filename: Path | str | BinaryIO,
        name: str | None = None,
        overwrite: bool = False,
        step: int | None = None,
        epoch: int | None = None,
        context: str | None = None,
        metadata: Mapping[str, object] | None = None,
    ) -> comet.UploadedAsset:
        """Send a video and return what became of it.

        Args:
            filename: Path of the file, or an open binary file.
            name: Its name; default the last part of the path.
            overwrite: Whether videos of that name are replaced.
            step: Step of the training.
            epoch: Epoch of the training.
            context: Context as "train" or "val".
            metadata: Data of your own.
        """

    def log_curve(
        self,
        name: str,
        x: Sequence[float],
        y: Sequence[float],
        overwrite: bool = False,
        step: int | None = None,
    ) -> comet.UploadedAsset:
        """Send a curve and return what became of it.

        Args:
            name: Its name.
            x: One coordinate.
            y: The other, as long as `x`.
            overwrite: Whether curves of that name are replaced.
            step: Step of the training.

        Raises:
            UsageError: The coordinates are of different lengths.
        """

    def log_table(
        self,
        filename: Path | str,
        tabular_data: object = None,
        headers: Sequence[str] | bool = False,
        **format_kwargs: object,
    ) -> comet.UploadedAsset:
        """Send a table and return what became of it.

        Args:
            filename: A file that exists, which is sent; else the name of the table, as "t.csv",
                "t.tsv", "t.json" or "t.md".
            tabular_data: Rows, or a frame of pandas.
            headers: Names of the columns; True for those of a frame, False for none.
            format_kwargs: Passed to the frame's own writer.

        Raises:
            UsageError: There is neither a file nor data, or no way to write it.
        """

    def delete_asset(self, asset_id: str) -> None:
        """Delete one file for good."""

    def register_model(
        self,
        model_name: str,
        version: str | None = None,
        workspace: str | None = None,
        registry_name: str | None = None,
        public: bool | None = None,
        description: str | None = None,
        comment: str | None = None,
        status: str | None = None,
        tags: Sequence[str] | None = None,
        stages: Sequence[str] | None = None,
        metadata: Mapping[str, object] | None = None,
        status_configuration: Mapping[str, object] | None = None,
    ) -> comet.CreatedModelVersion:
        """Register a model of this experiment and return its version's id.

        Args:
            model_name: Name under which it was logged.
            version: As "1.0.0"; default the server's choice.
            workspace: Refused unless it is that of the experiment.
            registry_name: Name in the registry; default `model_name`.
            public: Whether everybody can read it.
            description: Of the registered model.
            comment: Of the version.
            status: As "Development".
            tags: Of the version.
            stages: Refused: `tags` and `status` are their successors.
            metadata: Data of your own, by key.
            status_configuration: How the status may change: status, is_review_required,
                status_configuration_items and comment.

        Raises:
            UsageError: An argument is refused.
        """

    def create_view(self, view: comet.View) -> comet.UpsertedChartView:
        """Save a view on this experiment, as a new one whatever the id of `view`.

        Args:
            view: The view; of another experiment too.

        Raises:
            UsageError: It has no name.
        """

    def set_user(self, user: str) -> None:
        """Set the login name on the machine."""

    def set_python_version(self, python_version: str) -> None:
        """Set the version of Python, as "3.12.11"."""

    def set_python_version_verbose(self, python_version_verbose: str) -> None:
        """Set the version of Python with build and compiler."""

    def set_pid(self, pid: int) -> None:
        """Set the process id."""

    def set_os_type(self, os_type: str) -> None:
        """Set the type of the system, as "Linux"."""

    def set_os(self, os: str) -> None:
        """Set the platform text of the system."""

    def set_os_release(self, os_release: str) -> None:
        """Set the kernel's release."""

    def set_ip(self, ip: str) -> None:
        """Set the address of the machine."""

    def set_hostname(self, hostname: str) -> None:
        """Set the name of the machine."""

    def set_machine(self, machine: str) -> None:
        """Set the machine type, as "x86_64"."""

    def set_processor(self, processor: str) -> None:
        """Set the processor, as "x86_64"."""

    def set_executable(self, executable: str) -> None:
        """Set the path of the interpreter."""

    def set_command(self, command_args_list: Sequence[str]) -> None:
        """Set the command line, in parts."""

    def set_network_interface_ips(self, network_interface_ips: Sequence[str]) -> None:
        """Set the addresses of the machine."""

    def set_installed_packages(self, installed_packages: Sequence[str]) -> None:
        """Set the Python packages, as "numpy==2.1.0"."""

    def set_os_packages(self, os_packages: Sequence[str]) -> None:
        """Set the packages of the system, as "apt=2.4.14"."""

    def set_gpu_static_info(self, gpu_static_info: Sequence[Mapping[str, object]]) -> None:
        """Set the GPUs.

        Args:
            gpu_static_info: For each GPU gpuIndex, name, uuid, totalMemory and powerLimit.

        Raises:
            UsageError: One of the five is missing, or of another type.
        """

    def log_additional_system_info(self, key: str, value: str) -> None:
        """Add a fact about the system.

        Args:
            key: Its name.
            value: Its text.
        """

    def set_filename(self, filename: str) -> None:
        """Set the path of the script."""

    def set_code(self, code: str | None = None, filename: Path | str | None = None) -> None:
        """Set the source code.

        Args:
            code: The text.
            filename: A file to read it from, in its place.

        Raises:
            UsageError: Not exactly one of them is given, or the file cannot be read as text.
        """

    def set_model_graph(self, graph: object) -> None:
        """Set the graph of the model.

        Args:
            graph: A text, or something with `to_json`; of anything else its `str`.
        """

    def set_git_metadata(
        self,
        user: str | None,
        root: str | None,
        branch: str | None,
        parent: str | None,
        origin: str | None,
    ) -> None:
        """Set the state of the repository.

        Args:
            user: Git user name.
            root: Root of the work tree.
            branch: Reference, as "refs/heads/main".
            parent: Commit id.
            origin: URL of the remote; one with a password in it would show it to all readers.
        """

    def set_git_patch(self, file_data: Path | str | bytes) -> None:
        """Set the uncommitted changes.

        Args:
            file_data: The patch as text or bytes, or the path of a file that holds it; a zip
                archive is sent as it is.
        """

    def __init__(self, api: API, metadata: Experiment) -> None: ...
    @property
    def state(self) -> str | None:
        """State when it was listed: "running", "crashed", "finished"; None if it was not told.

        `get_state` asks for the present one.
        """

    @property
    def known_metrics(self) -> dict[str, PlainValue]:
        """Last values of its metrics, as far as they were read and are in the cache."""

    @property
    def metadata(self) -> Experiment:
        """All that is known without a request; `get_metadata` asks anew."""

    @property
    def id(self) -> str:
        """Its key; mostly 32 hex digits."""

    @property
    def key(self) -> str:
        """Its key; mostly 32 hex digits."""

    @property
    def name(self) -> str | None:
        """Its name when it was listed; `get_name` asks for the present one."""

    @property
    def workspace(self) -> str | None:
        """Workspace of its project."""

    @property
    def project_name(self) -> str | None:
        """Name of its project."""

    @property
    def project_id(self) -> str | None:
        """Id of its project."""

    @property
    def archived(self) -> bool:
        """Whether it is archived."""

    @property
    def duration_millis(self) -> int | None:
        """Duration in milliseconds."""

    @property
    def start_server_timestamp(self) -> int | None:
        """Start, in milliseconds since 1970 UTC."""

    @property
    def end_server_timestamp(self) -> int | None:
        """End, in milliseconds since 1970 UTC; None while it runs."""

    @property
    def optimization_id(self) -> str | None:
        """Optimizer run that it belongs to, if any."""

    @property
    def file_path(self) -> str | None:
        """Path of the script, if known."""

    @property
    def file_name(self) -> str | None:
        """Name of the script, if known."""

    @property
    def url(self) -> str:
        """Address of its web page."""

    def to_dict(self) -> dict[str, object]:
        """Return what is known without a request, by the names that the vendor's client gives."""

class Model(Facade):
    """One registered model; `API.get_model` makes it after a look whether it exists.

    Args:
        workspace: Its workspace.
        model_name: Its name.
        api_key: Key for an `API` of its own, which `close` or `async with` ends.
        api: The `API` that sends its requests, in place of its own.

    Raises:
        UsageError: Both `api_key` and `api` are given, or there is no key anywhere.
    """

    def __init__(
        self,
        workspace: str,
        model_name: str,
        *,
        api_key: str | Secret | Credentials | None = None,
        api: API | None = None,
    ) -> None: ...
    @classmethod
    def from_registry(
        cls,
        workspace: str,
        model_name: str,
        *,
        api_key: str | Secret | Credentials | None = None,
        api: API | None = None,
    ) -> Self:
        """Return a model that exists.

        Args:
            workspace: Its workspace.
            model_name: Its name.
            api_key: As for the class.
            api: As for the class.

        Raises:
            ClientError: There is no such model.
        """

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def workspace(self) -> str:
        """Its workspace."""

    def find_versions(
        self, version_prefix: str = "", status: str | None = None, tag: str | None = None
    ) -> list[str]:
        """Return the versions that match.

        Args:
            version_prefix: Only versions that begin so, as "1.".
            status: Only versions with this status.
            tag: Only versions with this tag.
        """

    def get_details(self, version: str) -> comet.RegistryItem:
        """Return what is known of one version."""

    def tags(self, version: str) -> list[str]:
        """Return the tags of one version."""

    def status(self, version: str) -> str | None:
        """Return the status of one version."""

    def get_assets(self, version: str) -> list[comet.Asset]:
        """Return the files of one version."""

    def get_version_history(self, version: str) -> dict[str, list[comet.VersionEvent]]:
        """Return what happened to one version, day by day; the keys are English text."""

    def get_registry_model_metadata(
        self, version: str | None = None, model_item_id: str | None = None
    ) -> list[comet.MetadataEntry]:
        """Return the metadata of one version.

        Args:
            version: As "1.0.0".
            model_item_id: Its id, in place of the version.

        Raises:
            UsageError: Not exactly one of them is given.
        """

    def get_registry_model_status_configuration(
        self, version: str | None = None, model_item_id: str | None = None
    ) -> comet.StatusConfiguration | None:
        """Return how the status of one version may change; None when nothing is set.

        Args:
            version: As "1.0.0".
            model_item_id: Its id, in place of the version.

        Raises:
            UsageError: Not exactly one of them is given.
        """

    def download(
        self,
        version: str,
        output_folder: Path | str | None = None,
        expand: bool = True,
        *,
        overwrite: bool = True,
    ) -> list[Path]:
        """Fetch all stored files of one version, many at a time, and return those written.

        Remote files are left out: `get_assets` tells their links.

        Args:
            version: As "1.0.0".
            output_folder: Folder; made if it is missing. None for a new temporary one.
            expand: Whether the files are wanted, instead of one zip archive.
            overwrite: Whether files may be replaced.
        """

    def add_tag(self, version: str, tag: str) -> None:
        """Add a tag to one version."""

    def delete_tag(self, version: str, tag: str) -> None:
        """Remove a tag from one version."""

    def set_status(self, version: str, status: str) -> None:
        """Set the status of one version, as "Production"."""

    def update_registry_model_metadata(
        self,
        metadata: Mapping[str, object],
        version: str | None = None,
        model_item_id: str | None = None,
    ) -> None:
        """Set members of the metadata of one version.

        Args:
            metadata: Values by key.
            version: As "1.0.0".
            model_item_id: Its id, in place of the version.

        Raises:
            UsageError: Not exactly one of them is given.
        """

    def update_registry_model_status_configuration(
        self,
        status_configuration: Mapping[str, object] | comet.StatusConfiguration,
        version: str | None = None,
    ) -> None:
        """Set how the status of one version may change.

        Args:
            status_configuration: As `get_registry_model_status_configuration` returns it; or
                status, is_review_required, status_configuration_items and comment.
            version: As "1.0.0"; default the version whose id the configuration holds.

        Raises:
            UsageError: There is no status, or no version is named.
        """

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
    def close(self) -> None:
        """Close it, as leaving a `with` block does."""
