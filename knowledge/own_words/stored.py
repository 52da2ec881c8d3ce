"""What PostgreSQL holds of the forms that somebody used, in one statement."""

from sqlalchemy import ARRAY, BigInteger, Text, bindparam, text

from knowledge.own_words.meaning import EVERYWHERE

# Not `readers && :shared`, which holds each reader against each principal: of 20,000 principals and 20,000 rows that takes 20 s, this 0.2.
KNOWN = text("""
    WITH asked AS (
        SELECT unnest(:keys) AS key),
    shorts AS (
        SELECT key FROM asked
        UNION SELECT short_key FROM own_words JOIN asked ON long_key = key
        UNION SELECT short_key FROM own_words_added JOIN asked ON long_key = key),
    off AS MATERIALIZED (
        SELECT short_key, long_key FROM own_words_off JOIN shorts ON short_key = key),
    on_ AS MATERIALIZED (
        SELECT key FROM shorts WHERE key NOT IN (SELECT short_key FROM off WHERE long_key = '')),
    shared AS MATERIALIZED (
        SELECT key, short, long, readers
        FROM on_ CROSS JOIN LATERAL (
            SELECT short, long, readers
            FROM own_words JOIN documents ON id = document AND documents.version = own_words.version
            WHERE short_key = key AND long_key NOT IN (SELECT long_key FROM off WHERE short_key = key)
                AND EXISTS (SELECT FROM unnest(readers) AS reader WHERE reader = ANY(:shared))
            LIMIT :most) AS one),
    others AS (
        SELECT short, long, readers
        FROM on_
            JOIN own_words ON short_key = key
            JOIN documents ON id = document AND documents.version = own_words.version
        WHERE cardinality(:others) > 0
            AND (SELECT count(*) FROM shared WHERE shared.key = on_.key) < :most
            AND (short_key, long_key) NOT IN (SELECT short_key, long_key FROM off)
            AND EXISTS (SELECT FROM unnest(readers) AS reader WHERE reader = ANY(:others))
            AND NOT EXISTS (SELECT FROM unnest(readers) AS reader WHERE reader = ANY(:shared))),
    said AS (
        SELECT short, long
        FROM on_ JOIN own_words_added ON short_key = key
        WHERE (short_key, long_key) NOT IN (SELECT short_key, long_key FROM off))
    SELECT short, long, readers, count(*) AS documents
    FROM (
        SELECT short, long, readers FROM shared
        UNION ALL SELECT short, long, readers FROM others
        UNION ALL SELECT short, long, NULL FROM said) AS known
    GROUP BY short, long, readers
    ORDER BY short, long, readers""").bindparams(
    *(bindparam(name, type_=ARRAY(Text)) for name in ("keys", "shared", "others")), bindparam("most", EVERYWHERE, type_=BigInteger)
)
"""With `keys`: each meaning of the short forms among them, and of those whose long form is, with how many documents of one list of readers
say so, in one order. `readers` is NULL where the admin does. What is switched off is not there.

Of documents only those whose readers have one of `shared`, or of `others`. Of a short form that `EVERYWHERE` documents with one of
`shared` explain, only so many: where `shared` opens them to everybody who is concerned, it is common, whatever else is said.
"""
