"""What one version of shopwindow kept, every other one can read."""

from base64 import b85decode

import msgspec
import pytest
from hypothesis import given
from msgspec.structs import replace

from shopwindow.rules.encoding import FIELDS, Newer, decode, encode
from shopwindow.rules.facts import Answer, Counter, Interest, Profile, Told
from shopwindow.rules.learning import learn
from shopwindow.rules.merging import merge
from tests.rules.profiles import PROFILES
from tests.rules.shop import NOW, event, relatives

#: What the version before this one kept of a customer: 17 fields.
BEFORE = b85decode(
    r"+yD{FLE5t`=l}o!%R$<|UC00c00PTF+OvR200001%Ro)@Gcz+YGs{8Rvw%nd004oaa4`YPLE67v$"
    r"N&HUf~sY1baHtuaA9X<p)aU%WoBh^a%FO>Wq4t2aBO8RV{dJOtz&g_bZ>2CaxHXuaAl)nGGeM@VR"
    r"CdWc42IFWy?TA^D{FuGc%2@c4=jIWn>_5a&KgHV|0O{a50k0LE67v$N&HUl+95B0nJe-0k3vxWp`"
    r"y{AY);4WoK`4d4Z&NZ*OFh%R$<|UC00c0F=#90s+lYCjqQ>X=Qh1WFTU4VQyrBq*HKVc#_LO+P_`"
    r"M0001#%~1jY%~2--s&;8*cV%QCbYW+Kq;p|xWs=K5+P_`M0001#%~1jY%~2--u5)E!a${&^WFT>M"
    r"Wpa6es$ywpAai4KWp{Iu%R$<+E9d|K0Fup70s*yQWMpMzEp%@!V_|Z1AaHVTWOZY7f}(ITlFLEbv"
    r"w%nd005HBQ3C;@a50k0LE67v$N&HUlFd;k0k&aeWMyP6bZ;$VVRCdJV_|e<XK!+Of~Iq0a%FdOlF"
    r"LEbvw%nd005HBQ3C;_cW-ZGlFLEbzg@@x005NDQ3C<ZQ6~YeVsCY4XmlWOa&KgHV|0O{a59q1LE5"
    r"u`NB{r;lFd;A0k2|jb!TXFAY);4WoK`4d4i^MV{&D8bCSzJ+OvR20001z%~1mZq<3#`WRlB4+OvR"
    r"20001z%~1mZvteXpWn?XMZ!KeCa&#bKa$#;{fuvJ#VR(|uLE67v$N&HUlFd;k0kL6ZWMyP6bZ;$V"
    r"VRCdJbYW+Kq;p|xWs=K5+P_`M0001z%~2--u5)N_cWxkNa$#p}Wo~qVq-bSwZ<5PF+P_`M0001z%"
    r"~2--s&i;>cWxkZb!=sUqH-~k%R$<|UC00c0Fup7Cjo<~V_|e<XK!+Of~Iq0a%FdOlFL9K0000000"
    r"7HD+OvR20001_cW-ZGlFL9Jp-~dn5#-B3+P_`M0001`Vsc?_WPzkpaAA0o%Rmvcilt~FRLeoyzg@"
    r"@x005(OVP}D)b75>{lFL95vx=o?Aymsj+P_`M0001yqHi&yV=gg)qGd6sV{dMBa&K&s&T7oBpw4R"
    r"jcOU"
)


class Old(msgspec.Struct, frozen=True, array_like=True):
    """The fields that were there before ``told`` and ``answers``."""

    first_seen: float = 0.0
    last_seen: float = 0.0
    visits: int = 0
    previous_visit: float = 0.0
    orders: int = 0
    order_value: float = 0.0
    last_order: float = 0.0
    cart: dict[str, int] = {}
    cart_since: float = 0.0
    visit: dict[str, str] = {}
    attributes: dict[str, object] = {}
    counts: dict[str, dict[str, Counter]] = {}
    interests: dict[str, dict[str, Interest]] = {}
    recent_orders: tuple[str, ...] = ()
    customer: str = ""
    variants: dict[str, str] = {}
    visit_starts: tuple[int, ...] = ()


def newer(profile: Profile, *fields: object) -> bytes:
    """As a version writes it that has more fields."""
    return msgspec.msgpack.encode([*msgspec.msgpack.decode(encode(profile)), *fields])


@given(PROFILES)
def test_what_is_kept_comes_back(profile: Profile) -> None:
    assert decode(encode(profile)) == profile


def test_a_profile_of_an_older_version_is_read() -> None:
    profile = decode(BEFORE)
    assert (profile.visits, profile.orders, profile.order_value) == (2, 1, 59.9)
    assert (profile.customer, profile.cart) == ("c.1", {"p1": 1})
    assert profile.attributes == {"customer-type": "b2b", "cart-value": 39.9}
    assert profile.counts["searched query"] == {
        "big screws": Counter(1791799200.0, (20738, 1))
    }
    assert profile.interests["tag"]["sale"].score == pytest.approx(4.425333580475428)
    assert profile.variants == {"e1": "control"}
    assert (profile.told, profile.answers) == ({}, {})


def test_an_older_version_reads_a_profile_of_this_one_and_drops_what_is_new() -> None:
    profile = replace(
        decode(BEFORE),
        told={"cart-value": Told("app", NOW)},
        answers={"tag": {"sale": Answer("never", NOW)}},
    )
    read = msgspec.msgpack.decode(encode(profile), type=Old)
    assert (read.visits, read.cart, read.counts) == (2, {"p1": 1}, profile.counts)
    again = decode(msgspec.msgpack.encode(read))
    assert again == replace(profile, told={}, answers={})


def test_what_a_newer_version_knows_survives_this_one() -> None:
    fields = {"some": [1.5, "thing"]}, 7
    data = newer(decode(BEFORE), *fields)
    profile = decode(data)
    assert isinstance(profile, Newer) and profile.visits == 2
    assert encode(profile) == data
    learned = learn(profile, event("Product Viewed", product_id="p1"), relatives)
    values = msgspec.msgpack.decode(encode(learned))
    assert values[FIELDS:] == list(fields)
    assert decode(encode(learned)).counts == learned.counts != profile.counts


def test_a_merge_drops_what_only_a_newer_version_can_merge() -> None:
    both = merge(decode(newer(Profile(visits=2), 7)), Profile(visits=1))
    assert (type(both), both.visits) == (Profile, 3)


@pytest.mark.parametrize("data", [b"", b"\xff", b"\xdc\x00\x7f", b"\xa1x", BEFORE[:-1]])
def test_what_is_no_profile_is_refused(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(data)
