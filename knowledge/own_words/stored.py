"""What PostgreSQL holds of the forms that somebody used, in one statement."""

from sqlalchemy import ARRAY, Text, bindparam, text

KNOWN = text("""
    WITH asked AS (
        SELECT unnest(:keys) AS key),
    shorts AS (
        SELECT key FROM asked
        UNION SELECT short_key FROM own_words JOIN asked ON long_key = key
        UNION SELECT short_key FROM own_words_added JOIN asked ON long_key = key),
    known AS (
        SELECT short_key, long_key, short, long, readers
        FROM shorts JOIN own_words ON short_key = key JOIN documents ON id = document AND documents.version = own_words.version
        UNION ALL SELECT short_key, long_key, short, long, NULL
        FROM shorts JOIN own_words_added ON short_key = key)
    SELECT short, long, readers, count(*) AS documents
    FROM known
    WHERE NOT EXISTS (
        SELECT FROM own_words_off AS off WHERE off.short_key = known.short_key AND off.long_key IN ('', known.long_key))
    GROUP BY short, long, readers""").bindparams(bindparam("keys", type_=ARRAY(Text)))
"""With `keys`: each meaning of the short forms among them, and of those whose long form is, with how many documents of one list of readers
say so. `readers` is NULL where the admin does. What is switched off is not there.
"""
