"""The catalogue as a mapping, for callers that choose an endpoint by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from comet_async.comet import (
    account,
    artifacts,
    assets,
    dashboards,
    experiment_details,
    experiments,
    metrics,
    models,
    panels,
    projects,
    queries,
    registry,
    registry_items,
    services,
)
from comet_async.request import Request

__all__ = ["ENDPOINTS"]

_ENDPOINTS: tuple[Callable[..., Request[object]], ...] = (
    account.get_account_details,
    account.get_workspaces,
    artifacts.download_artifact_version,
    artifacts.get_artifact,
    artifacts.get_artifact_version,
    artifacts.get_artifact_version_files,
    artifacts.get_artifacts,
    artifacts.get_experiment_artifact_lineage,
    assets.get_experiment_asset,
    assets.get_experiment_asset_details,
    assets.get_experiment_asset_list,
    assets.get_experiment_assets_by_name,
    dashboards.download_dashboard_template,
    dashboards.get_chart_template_views,
    dashboards.get_dashboard_templates,
    dashboards.get_views,
    dashboards.get_viz_store,
    experiment_details.get_experiment_cloud_details,
    experiment_details.get_experiment_code,
    experiment_details.get_experiment_git_metadata,
    experiment_details.get_experiment_git_patch,
    experiment_details.get_experiment_graph,
    experiment_details.get_experiment_html,
    experiment_details.get_experiment_output,
    experiment_details.get_experiment_system_details,
    experiments.get_experiment_metadata,
    experiments.get_experiment_processing_status,
    experiments.get_experiment_tags,
    experiments.get_experiments,
    experiments.search_experiments,
    metrics.get_all_experiment_metrics,
    metrics.get_experiment_metric,
    metrics.get_experiment_metrics_summary,
    metrics.get_experiment_others,
    metrics.get_experiment_parameters,
    metrics.get_multi_metric_chart,
    models.download_experiment_model,
    models.get_experiment_model_assets,
    models.get_experiment_models,
    panels.download_panel_zip,
    panels.get_panel,
    panels.get_panels,
    projects.get_project,
    projects.get_project_notes,
    projects.get_project_share_links,
    projects.get_projects,
    projects.get_projects_page,
    queries.get_project_columns,
    queries.query_project,
    registry.get_registry_model_allowed_statuses,
    registry.get_registry_model_compact,
    registry.get_registry_model_count,
    registry.get_registry_model_details,
    registry.get_registry_model_latest_version,
    registry.get_registry_model_notes,
    registry.get_registry_models,
    registry_items.download_registry_model_version,
    registry_items.get_registry_model_item,
    registry_items.get_registry_model_item_download_instructions,
    registry_items.get_registry_model_item_history,
    registry_items.get_registry_model_item_metadata,
    registry_items.get_registry_model_item_status_configuration,
    registry_items.get_registry_model_items,
    services.get_backend_version,
    services.get_best_experiment,
    services.get_webhook_config,
)

ENDPOINTS: Mapping[str, Callable[..., Request[object]]] = MappingProxyType(
    {endpoint.__name__: endpoint for endpoint in _ENDPOINTS}
)
"""Every endpoint by its name; the signature tells the wire parameters, the result the effect."""
