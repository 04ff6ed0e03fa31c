"""What INSTALLED_APPS finds: an app without models, for its template tags."""

from django.apps import AppConfig


class ShopwindowConfig(AppConfig):  # type: ignore[misc]  # Django has no types
    """``"shopwindow.middleware.django"`` in INSTALLED_APPS."""

    name = "shopwindow.middleware.django"
    label = "shopwindow"
    verbose_name = "shopwindow"
