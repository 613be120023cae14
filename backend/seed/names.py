"""People's names in many scripts, each with the Latin letters that its bearer uses in addresses and user names."""

# ruff: noqa: RUF001 - letters of other scripts look like Latin ones, and are meant

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random


@dataclass(frozen=True)
class Name:
    """A part of a name as it is written, and in ASCII."""

    written: str
    latin: str


@dataclass(frozen=True)
class Culture:
    """Given and family names that go together, and how many people have such names, in parts of all."""

    share: int
    given: tuple[Name, ...]
    family: tuple[Name, ...]


def _names(text: str) -> tuple[Name, ...]:
    # "Žofie=zofie Jana=jana"; a tilde stands for a space inside a name.
    pairs = (entry.split("=") for entry in text.split())
    return tuple(Name(written.replace("~", " "), latin) for written, latin in pairs)


CULTURES = (
    Culture(
        20,
        _names(
            "Anna=anna Lukas=lukas Jürgen=juergen Sören=soeren Käthe=kaethe Björn=bjoern Leonie=leonie Felix=felix"
            " Hannah=hannah Matthias=matthias Zoë=zoe Karl-Heinz=karl-heinz Sophie=sophie Moritz=moritz Ida=ida"
        ),
        _names(
            "Müller=mueller Groß=gross Schröder=schroeder Weiß=weiss Huber=huber Pöltl=poeltl von~der~Heide=vonderheide"
            " Königsberger=koenigsberger Bauer=bauer Straßer=strasser Wagner=wagner Hofstätter=hofstaetter"
            " Leutheusser-Schnarrenberger=leutheusser Ebner=ebner"
        ),
    ),
    Culture(
        9,
        _names(
            "Emily=emily Oliver=oliver Siobhán=siobhan Grace=grace Liam=liam Ruth=ruth Noah=noah Chloë=chloe"
            " Amara=amara"
        ),
        _names("O'Brien=obrien Smith=smith Ní~Dhomhnaill=nidhomhnaill Okafor=okafor Taylor=taylor Q=q MacLeod=macleod"),
    ),
    Culture(
        8,
        _names("Jiří=jiri Žofie=zofie Łukasz=lukasz Małgorzata=malgorzata Ondřej=ondrej Šárka=sarka Paweł=pawel"),
        _names("Dvořák=dvorak Černý=cerny Wiśniewska=wisniewska Kowalczyk=kowalczyk Růžička=ruzicka Brzęczyk=brzeczyk"),
    ),
    Culture(
        8,
        _names("José=jose Núria=nuria François=francois Zoé=zoe João=joao Chiara=chiara Íñigo=inigo Anaïs=anais"),
        _names("García~Márquez=garcia Muñoz=munoz Lefèvre=lefevre Conceição=conceicao D'Angelo=dangelo Peña=pena"),
    ),
    Culture(
        6,
        _names("Åsa=asa Øystein=oystein Þórunn=thorunn Mikko=mikko Sæunn=saeunn Jānis=janis Ieva=ieva"),
        _names(
            "Ångström=angstrom Bjørnson=bjornson Guðmundsdóttir=gudmundsdottir Hämäläinen=hamalainen Bērziņš=berzins"
        ),
    ),
    Culture(
        6,
        _names("Çağla=cagla Işıl=isil Ömer=oemer Győző=gyozo Ștefan=stefan Đorđe=djordje Željka=zeljka"),
        _names("Yıldırım=yildirim Şahin=sahin Kőszegi=koszegi Țepeș=tepes Živković=zivkovic Öztürk=oeztuerk"),
    ),
    Culture(
        5,
        _names("Αλέξανδρος=alexandros Ελένη=eleni Γιώργος=giorgos Δήμητρα=dimitra Χρυσάνθη=chrysanthi"),
        _names("Παπαδόπουλος=papadopoulos Οικονόμου=oikonomou Αγγελόπουλος=angelopoulos Βασιλείου=vasileiou"),
    ),
    Culture(
        7,
        _names("Алексей=aleksei Ольга=olga Юлія=yuliia Ђорђе=djordje Мар'яна=mariana Пётр=pyotr Светлана=svetlana"),
        _names("Иванов=ivanov Шевченко=shevchenko Їжакевич=yizhakevych Щербаков=shcherbakov Петровић=petrovic"),
    ),
    Culture(
        5,
        _names("محمد=mohammed فاطمة=fatima ليلى=layla يوسف=yusuf زینب=zeynab آرش=arash"),
        _names("العلي=alali حسين=hussein الخوري=alkhoury رضایی=rezaei بن~سعيد=binsaid"),
    ),
    Culture(
        3, _names("נועה=noa דוד=david תמר=tamar אורי=uri"), _names("כהן=cohen לוי=levi מזרחי=mizrahi בן־דוד=bendavid")
    ),
    Culture(
        5,
        _names("आरव=aarav प्रिया=priya विकास=vikas अनुष्का=anushka"),
        _names("शर्मा=sharma सिंह=singh कृष्णमूर्ति=krishnamurthy पाटील=patil"),
    ),
    Culture(
        3,
        _names("সৌরভ=sourav ঐশী=oishee তানভীর=tanvir রুমানা=rumana"),
        _names("চট্টোপাধ্যায়=chattopadhyay রহমান=rahman ঘোষ=ghosh"),
    ),
    Culture(
        6,
        _names("伟=wei 秀英=xiuying 子轩=zixuan 雨桐=yutong 家豪=jiahao 𠮷=ji"),
        _names("王=wang 李=li 歐陽=ouyang 张=zhang 诸葛=zhuge 陳=chen"),
    ),
    Culture(
        4,
        _names("さくら=sakura 翔太=shota 美咲=misaki ジョン=jon 健一=kenichi"),
        _names("佐藤=sato 鈴木=suzuki 髙橋=takahashi 渡邊=watanabe"),
    ),
    Culture(4, _names("민준=minjun 서연=seoyeon 지훈=jihun 하은=haeun"), _names("김=kim 이=yi 남궁=namgung 박=park")),
    Culture(
        4,
        _names("Nguyệt=nguyet Đức=duc Thảo=thao Quỳnh=quynh"),
        _names("Nguyễn=nguyen Trần=tran Đặng=dang Phạm=pham"),
    ),
    Culture(3, _names("สมชาย=somchai กัญญา=kanya พิมพ์ชนก=pimchanok"), _names("ศรีสุข=srisuk วงศ์สวัสดิ์=wongsawat")),
    Culture(2, _names("ሰላም=selam ዳዊት=dawit ትዕግስት=tigist"), _names("በቀለ=bekele ተስፋዬ=tesfaye")),
)
"""Latin of several languages, Greek, Cyrillic, Arabic, Hebrew, Devanagari, Bengali, Chinese, Japanese, Korean,
Vietnamese, Thai and Ethiopic."""

WITH_EMOJI = Name("Mia 🦊", "mia")
_SHARES = [culture.share for culture in CULTURES]


def draw_name(random: Random) -> tuple[Name, Name]:
    """A given and a family name of one culture."""
    (culture,) = random.choices(CULTURES, _SHARES)
    return random.choice(culture.given), random.choice(culture.family)
