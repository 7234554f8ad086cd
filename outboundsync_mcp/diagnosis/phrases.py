"""What people say of an error without a number or a program's words, in the languages they write in: data.

A row fits a sentence that has a needle of each of its groups: "the *key* … is *invalid*". Needles are lower-case
literals; stems stand for all their endings.
"""

import re
from typing import NamedTuple

from outboundsync_mcp.diagnosis.evidence import Failure
from outboundsync_mcp.diagnosis.patterns import needles_of


class Phrase(NamedTuple):
    """A status, or a failure, and the groups of needles that together tell of it."""

    outcome: int | Failure
    groups: tuple[tuple[str, ...], ...]


_KEY = needles_of(
    """
    key | schlüssel | clé | clef | clave | chave | chiave | sleutel | klucz | klíč | kľúč | kulcs | cheia |
    anahtar | κλειδί | ключ | キー | 密钥 | 密鑰 | 金鑰 | 키 | مفتاح | מפתח | कुंजी | คีย์ | khóa | kunci |
    nyckel | nøgle | nøkkel | avain
    """
)
_INVALID = needles_of(
    """
    invalid | is wrong | not valid | isn't valid | not accepted | not recognized | not recognised | rejected |
    rejects | incorrect | ungültig | falsch | nicht akzeptiert | abgelehnt | invalide | pas valide |
    non valide | refusée | inválid | no es válida | no válida | incorrecta | não é válida | non è valida |
    non valida | errata | ongeldig | onjuist | nieprawidłow | nieważny | błędny | neplatn | érvénytelen |
    invalidă | nu este valid | geçersiz | δεν είναι έγκυρ | μη έγκυρ | άκυρ | неверн | недейств | не подходит |
    недійсн | невірн | 無効 | 无效 | 無效 | 不正确 | 不正確 | 잘못 | 유효하지 | 무효 | غير صالح | خاطئ |
    לא תקין | לא תקף | שגוי | गलत | अमान्य | ไม่ถูกต้อง | không hợp lệ | tidak valid | tidak sah | salah | ogiltig |
    felaktig | ugyldig | forkert | virheelli | väärä | ei kelpaa
    """
)
_ACCESS = needles_of(
    """
    access | zugang | zugriff | accès | acceso | acesso | accesso | toegang | dostęp | přístup | hozzáférés |
    accesul | erişim | πρόσβαση | доступ | アクセス | 访问 | 訪問 | 存取 | 액세스 | 접근 | الوصول | גישה |
    एक्सेस | पहुँच | การเข้าถึง | truy cập | akses | åtkomst | adgang | tilgang | pääsy | käyttöoikeus
    """
)
_NOT_ENABLED = needles_of(
    """
    not enabled | isn't enabled | not switched on | isn't switched on | not turned on | isn't turned on |
    not activated | isn't activated | not active | disabled | nicht aktiviert | nicht freigeschaltet |
    nicht aktiv | pas activé | désactivé | no está activad | no está habilitad | desactivad |
    não está habilitad | não está ativad | não está ativo | non è abilitato | non è attiv | niet ingeschakeld |
    niet geactiveerd | niet actief | nie jest włączon | nie jest aktywn | wyłączon | není povolen | není aktiv |
    nincs engedélyez | nincs bekapcsol | nu este activ | etkin değil | etkinleştirilme | açık değil |
    δεν είναι ενεργοποιημέν | δεν έχει ενεργοποιηθεί | не включ | не активир | не увімкн | не активов |
    отключен | вимкнен | 有効になって | 有効化されて | 未启用 | 未啟用 | 未开通 | 未開通 | 没有启用 | 没有开通 |
    활성화되지 | 활성화되어 있지 | 활성화돼 있지 | غير مفعل | غير مفعّل | לא מופעל | सक्षम नहीं | चालू नहीं |
    ไม่ได้เปิดใช้งาน | ยังไม่เปิด | chưa được bật | chưa được kích hoạt | belum diaktifkan | tidak diaktifkan |
    tidak aktif | inte aktiver | inte påslag | ikke aktiver | ikke er aktiver | ikke slået til | ikke slått på |
    ei ole käytössä | ei ole aktivoitu
    """
)
_TOO_MANY = needles_of(
    """
    too many calls | throttled | throttling us | hit the rate limit | hitting the rate limit |
    hit its rate limit | over the rate limit | exceeded the rate limit | reached the rate limit |
    running into the rate limit | zu viele anfragen | gedrosselt | trop de requêtes | limite de requêtes |
    demasiadas solicitudes | demasiadas peticiones | límite de solicitudes | límite de peticiones |
    muitas requisições | muitas solicitações | muitos pedidos | troppe richieste | te veel verzoeken |
    te veel aanvragen | zbyt wiele żądań | za dużo zapytań | příliš mnoho požadavků | túl sok kérés |
    prea multe cereri | çok fazla istek | πάρα πολλά αιτήματα | слишком много запросов | забагато запитів |
    リクエストが多すぎ | 请求过多 | 请求太多 | 太多请求 | 請求過多 | 太多請求 | 限流 | 요청이 너무 많 |
    طلبات كثيرة | יותר מדי בקשות | बहुत ज़्यादा अनुरोध | बहुत अधिक अनुरोध | คำขอมากเกินไป | quá nhiều yêu cầu |
    terlalu banyak permintaan | för många förfrågningar | för många anrop | for mange forespørgsler |
    for mange anmodninger | for mange forespørsler | for mange kall | liian monta pyyntöä | liikaa pyyntöjä
    """
)
_HOST = needles_of(
    """
    host | app.outboundsync.com | name | domain | dns | nom | nombre | nome | naam | nazw | název | nev | имя |
    ім'я | ホスト | 域名 | 主机 | 主機 | 호스트 | máy chủ
    """
)
_NOT_RESOLVED = needles_of(
    """
    cannot resolve | can't resolve | can not resolve | could not be resolved | cannot be resolved |
    can't be resolved | doesn't resolve | does not resolve | won't resolve | nicht aufgelöst | nicht auflösen |
    impossible de résoudre | pas être résolu | no se puede resolver | no resuelve | não é possível resolver |
    não resolve | não consegue resolver | impossibile risolvere | non si risolve | niet worden opgelost |
    niet worden gevonden | nie można rozwiązać | nie rozwiązuje | nelze přeložit | nelze rozpoznat |
    nem oldható fel | nu poate fi rezolvat | çözümlenemi | çözülemi | δεν επιλύεται | разрешить имя |
    не резолвится | не вдається розпізнати | не резолвиться | 名前解決でき | 解決できません | 无法解析 |
    解析不了 | 無法解析 | 확인할 수 없 | 찾을 수 없 | không phân giải | tidak bisa di-resolve |
    tidak dapat menyelesaikan | kan inte slå upp | kan ikke slå op | kan ikke slå opp | ei löydy
    """
)
_CONNECTION = needles_of(
    """
    connection | verbindung | connexion | conexión | conexão | connessione | verbinding | połączeni | spojení |
    kapcsolat | conexiune | bağlantı | σύνδεση | соединени | подключени | з'єднання | 接続 | 连接 | 連接 |
    連線 | 연결 | الاتصال | חיבור | कनेक्शन | การเชื่อมต่อ | kết nối | koneksi | anslutning | forbindelse |
    tilkobling | yhteys
    """
)
_REFUSED = needles_of(
    """
    refused | abgelehnt | verweigert | refusée | rechazad | recusad | rifiutat | geweigerd | odrzucon |
    odmítnut | elutasít | refuzat | reddedil | απορρίφθηκε | отклонен | отказан | відхилен | відмовлен | 拒否 |
    拒绝 | 拒絕 | 거부 | رفض | סורב | נדחה | अस्वीकार | ปฏิเสธ | từ chối | ditolak | nekad | afvist | avvist |
    hylätty | evätty
    """
)
_CERTIFICATE = needles_of(
    """
    certificate | zertifikat | certificat | certificado | certificato | certificaat | certyfikat | certifikát |
    tanúsítvány | sertifika | πιστοποιητικό | сертификат | сертифікат | 証明書 | 证书 | 憑證 | 인증서 | شهادة |
    תעודה | אישור | प्रमाणपत्र | सर्टिफिकेट | ใบรับรอง | chứng chỉ | sertifikat | certifikat | varmenne
    """
)
_EXPIRED = needles_of(
    """
    has expired | is expired | abgelaufen | a expiré | est expiré | caducad | vencid | expirad | expirou |
    scadut | verlopen | wygasł | vypršel | lejárt | a expirat | süresi dol | έληξε | έχει λήξει | истек |
    просроч | закінчився | прострочен | 期限切れ | 期限が切れ | 过期 | 過期 | 만료 | انتهت صلاحية | פג תוקף |
    समाप्त | หมดอายุ | hết hạn | kedaluwarsa | kadaluarsa | gått ut | udløbet | utløpt | vanhentun
    """
)
_TIMED_OUT = needles_of(
    """
    zeitüberschreitung | délai dépassé | se agota el tiempo | tempo esgotado | tempo scaduto | limit czasu |
    vypršel časový limit | időtúllépés | a expirat timpul | zaman aşımı | χρονικό όριο | таймаут | тайм-аут |
    タイムアウト | 超时 | 逾時 | 시간 초과 | انتهت المهلة | פסק זמן | टाइमआउट | หมดเวลา | hết thời gian |
    waktu habis | tidsgränsen | tidsavbrott | tidsavbrudd | aikakatkais
    """
)
PHRASES: tuple[Phrase, ...] = (
    Phrase(403, (_ACCESS, _NOT_ENABLED, ("api",))),
    Phrase(401, (_KEY, _INVALID)),
    Phrase(429, (_TOO_MANY,)),
    Phrase(Failure.TLS_EXPIRED, (_CERTIFICATE, _EXPIRED)),
    Phrase(Failure.DNS, (_HOST, _NOT_RESOLVED)),
    Phrase(Failure.REFUSED, (_CONNECTION, _REFUSED)),
    Phrase(Failure.DEADLINE, (_TIMED_OUT,)),
)


_NO_REPORT = re.compile(
    r"(?:not|isn't|never|nicht|pas|no|não|non|niet|nie) (?:an? )?(?:invalid|wrong|rejected|ungültig|invalide|ongeldig)"
    r"|\A\W{0,3}(?:hi[,!]? )?(?:what|which|how|when|where|does|do|is|are|can|could|should|will|wie|welche|wann|kann"
    r"|gibt|comment|quel|quelle|est-ce|cómo|qué|cuál|puedo|como|qual|posso|come|quale|hoe|wat|welke|jak|czy)\b"
    r".{0,400}\?\W{0,3}$"
)
"""It is denied, or asked for in general."""


def phrase_in(lower: str) -> Phrase | None:
    """The first row that fits a text in lower case."""
    if _NO_REPORT.search(lower):
        return None
    return next(
        (row for row in PHRASES if all(any(needle in lower for needle in group) for group in row.groups)),
        None,
    )
