from pathlib import Path

import pytest

from adapters.settings import PROMISED, BadSetting, Settings, settings


def test_nothing_set_means_embedded_and_off() -> None:
    assert Settings.read({}) == Settings()
    assert Settings().home == Path(".footnote")


def test_a_value_that_is_empty_counts_as_absent() -> None:
    assert Settings.read({"DATABASE_URL": "", "FOOTNOTE_HOME": ""}) == Settings()


def test_what_is_set_is_read() -> None:
    read = Settings.read({"FOOTNOTE_HOME": "/data", "DATABASE_URL": "postgresql://x", "FOOTNOTE_PLAYGROUND": "on"})
    assert (read.home, read.database_url, read.playground) == (Path("/data"), "postgresql://x", "on")


def test_prices_of_a_model_may_be_nothing() -> None:
    read = Settings.read({"MODEL_PRICE_IN": "0", "MODEL_PRICE_OUT": "0.60", "MODEL_BUDGET": "9000"})
    assert (read.model_price_in, read.model_price_out, read.model_budget) == (0.0, 0.6, 9000)


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        pytest.param({"FOOTNOTE_PLAYGROUND": "yes"}, "FOOTNOTE_PLAYGROUND is 'yes'; it can be on or off", id="a word that is no choice"),
        pytest.param(
            {"MODEL_PROVIDER": "bedrock"}, "openai-like or azure or anthropic", id="a provider that this version does not speak to"
        ),
        pytest.param(
            {"MODEL_PROVIDER": "azure", "MODEL_URL": "https://x.openai.azure.com", "MODEL_NAME": "m"},
            "MODEL_URL must end in /openai/v1",
            id="Azure's address without the path that speaks OpenAI's protocol",
        ),
        pytest.param(
            {"MODEL_PROVIDER": "anthropic", "MODEL_URL": "https://api.anthropic.com", "MODEL_NAME": "m"},
            "MODEL_URL must end in /v1",
            id="Anthropic's address without it",
        ),
        pytest.param({"FOOTNOTE_URL": "footnote.example"}, "FOOTNOTE_URL must start with http", id="an address without its scheme"),
        pytest.param({"MODEL_PROVIDER": "openai-like"}, "MODEL_URL and MODEL_NAME must be set too", id="a model without its address"),
        pytest.param(
            {"MODEL_PROVIDER": "openai-like", "MODEL_URL": "file:///x", "MODEL_NAME": "m"}, "MODEL_URL must start with", id="another scheme"
        ),
        pytest.param({"MODEL_URL": "http://x", "MODEL_NAME": "m"}, "MODEL_URL is set, so MODEL_PROVIDER must", id="an address alone"),
        pytest.param({"EMBEDDING_URL": "http://x/v1"}, "EMBEDDING_NAME must be set too", id="embeddings without a name"),
        pytest.param({"FOOTNOTE_URL": "https://[::1"}, "FOOTNOTE_URL must start with http", id="an address that is none"),
        pytest.param({"REDIS_URL": "localhost:6379"}, "REDIS_URL .* redis://HOST:6379/0", id="Redis without a scheme"),
        pytest.param({"REDIS_URL": "redis://:s3cret@h:port"}, "REDIS_URL .* redis://HOST:6379/0", id="a port that is no number"),
        pytest.param({"BUCKET_URL": "foo"}, "BUCKET_URL .* s3://BUCKET/PREFIX", id="a bucket without a scheme"),
        pytest.param({"BUCKET_URL": "ftp://x"}, "BUCKET_URL .* s3://BUCKET/PREFIX", id="a scheme that keeps no originals"),
        pytest.param({"WEAVIATE_URL": "weaviate:8080"}, "WEAVIATE_URL must start with http", id="Weaviate without a scheme"),
        pytest.param({"WEAVIATE_GRPC": "weaviate"}, "WEAVIATE_GRPC must be written as HOST:PORT", id="gRPC without a port"),
        pytest.param({"WEAVIATE_URL": "http://a:1,b:2"}, "WEAVIATE_URL must start with http", id="a second Weaviate without a scheme"),
        pytest.param(
            {"WEAVIATE_URL": "http://a:1,http://b:2", "WEAVIATE_GRPC": "a:3"}, "must name as many nodes", id="gRPC of one node of two"
        ),
        pytest.param(
            {"WEAVIATE_TENANT_KEYS": "yes"}, "WEAVIATE_TENANT_KEYS is 'yes'; it can be on or off", id="tenants' keys neither on nor off"
        ),
        pytest.param({"WEAVIATE_URL": "http://a:1", "WEAVIATE_GRPC": "a:1"}, "must be another port", id="gRPC at the port of REST"),
        pytest.param({"WEAVIATE_REPLICAS": "0"}, "WEAVIATE_REPLICAS is '0'; write a number from 1 to 9", id="no replica"),
        pytest.param({"MODEL_BUDGET": "0"}, "MODEL_BUDGET is '0'; write a number from 1 to", id="no token"),
        pytest.param({"MODEL_PRICE_IN": "2€", "MODEL_PRICE_OUT": "1"}, "MODEL_PRICE_IN is '2€'; write", id="a price with its currency"),
        pytest.param({"MODEL_PRICE_OUT": "0.6"}, "MODEL_PRICE_OUT is set, so MODEL_PRICE_IN must be set too", id="half a price"),
        pytest.param({"INDEX_REST_DAYS": "soon"}, "INDEX_REST_DAYS is 'soon'; write a number", id="days that are none"),
        pytest.param({"BUCKET_URL": "s3:///prefix"}, "BUCKET_URL .* s3://BUCKET/PREFIX", id="a prefix without its bucket"),
    ],
)
def test_a_value_that_cannot_work_is_named_with_what_to_write(environment: dict[str, str], message: str) -> None:
    with pytest.raises(BadSetting, match=message) as refused:
        Settings.read(environment)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("url", ["redis://h", "redis://:p@h:6379/0", "rediss://h:6380", "unix:///run/redis.sock?db=1"])
def test_redis_is_taken_by_every_address_that_its_client_knows(url: str) -> None:
    assert Settings.read({"REDIS_URL": url}).redis_url == url


@pytest.mark.parametrize("url", ["s3://bucket", "gs://bucket/a/b", "az://container"])
def test_originals_are_kept_where_the_readme_says(url: str) -> None:
    assert Settings.read({"BUCKET_URL": url}).bucket_url == url


@pytest.mark.parametrize(
    ("given", "read"),
    [
        pytest.param("https://acme.example/", "https://acme.example", id="a slash that says nothing"),
        pytest.param("https://acme.example//", "https://acme.example", id="two of them"),
        pytest.param("https://acme.example/footnote/", "https://acme.example/footnote", id="a path"),
        pytest.param("https://acme.example", "https://acme.example", id="none"),
    ],
)
def test_links_can_be_put_behind_the_public_address(given: str, read: str) -> None:
    assert Settings.read({"FOOTNOTE_URL": given}).url == read


def test_a_setting_that_nothing_obeys_yet_is_remembered() -> None:
    assert Settings.read({"SENTRY_DSN": "http://x"}).ignored == ("SENTRY_DSN",)


def test_secrets_are_not_shown_with_the_settings() -> None:
    shown = repr(
        Settings.read({"FOOTNOTE_MASTER_KEY": "hidden", "DATABASE_URL": "postgresql://u:hidden@h/d", "WEAVIATE_OPERATIONS_KEY": "hidden"})
    )
    assert "hidden" not in shown


def test_every_setting_has_a_name_and_a_sentence_of_its_own() -> None:
    named = [setting.metadata["name"] for setting in settings()]
    assert len(set(named)) == len(named)
    assert not set(named) & set(PROMISED)
    assert all(setting.metadata["sentence"].endswith(".") for setting in settings())
