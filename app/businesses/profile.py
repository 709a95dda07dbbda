"""What a host says of itself to anybody."""

from app.businesses.schemas import HostProfileRead
from app.core.schemas import Locale
from app.media.pictures import address_of
from app.settings import Settings
from app.tenancy.hosts import Host

_PLATFORM = HostProfileRead(
    name="Smooth Schedule",
    is_platform=True,
    brand_color=None,
    logo_url=None,
    locale=Locale.EN,
    supported_locales=list(Locale),
    timezone="UTC",
    currency=None,
    first_weekday=1,
    self_sign_up=False,
)


def profile_of(host: Host, settings: Settings) -> HostProfileRead:
    """The business's name, colour, logo and customs, or the platform's."""
    tenant = host.tenant
    if tenant is None:
        return _PLATFORM
    return HostProfileRead(
        name=tenant.name,
        is_platform=False,
        brand_color=tenant.brand_color,
        logo_url=address_of(settings, tenant.slug, tenant.logo_id),
        locale=Locale(tenant.locale),
        supported_locales=list(Locale),
        timezone=tenant.timezone,
        currency=tenant.currency,
        first_weekday=tenant.first_weekday,
        self_sign_up=tenant.self_sign_up,
    )
