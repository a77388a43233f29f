"""Ids that aren't real because they needn't be, next to those that are mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
from kvlens.cli.check_run import Run
from kvlens.lint.severities import Severities

ID = "0f2ac74b498b48028cb68387c421e279"
ZEROS = "0" * 32
CREATE = "npx wrangler kv namespace create CARTS"
PAGES = 'pages_build_output_dir = "dist"\n'
BUTTON = "[![Deploy](https://deploy.workers.cloudflare.com/button)](https://deploy.workers.cloudflare.com/?url=https://github.com/a/b)"


def bound(value: str, table: str = "kv_namespaces", binding: str = "CARTS") -> str:
    """Return a namespace with this id."""
    return f'[[{table}]]\nbinding = "{binding}"\nid = "{value}"\n'


PRODUCTION = bound(ID, "env.production.kv_namespaces")
DEV_AND_SHIP = (
    '{"scripts": {"dev": "wrangler dev --local --config wrangler.dev.toml",'
    ' "ship": "wrangler deploy"}}'
)

# files, and the problems of wrangler.toml
CASES: dict[str, tuple[dict[str, str], list[str]]] = {
    "name-beside-a-config-with-a-real-id": (
        {"wrangler.toml": bound("local-kv"), "wrangler.production.toml": bound(ID)},
        [],
    ),
    "name-beside-a-config-of-other-bindings": (
        {
            "wrangler.toml": bound("local-kv"),
            "wrangler.production.toml": bound(ID, binding="USERS"),
        },
        ["id-malformed"],
    ),
    "name-beside-another-name": (
        {"wrangler.toml": bound("local-kv"), "wrangler.production.toml": bound("live-kv")},
        ["id-malformed"],
    ),
    "name-below-a-config-with-a-real-id": (
        {"wrangler.toml": bound("local-kv"), "other/wrangler.toml": bound(ID)},
        ["id-malformed"],
    ),
    "slip-beside-a-config-with-a-real-id": (
        {"wrangler.toml": bound(ID[1:]), "wrangler.production.toml": bound(ID)},
        ["id-malformed"],
    ),
    "zeros-at-the-top-level": ({"wrangler.toml": bound(ZEROS) + PRODUCTION}, []),
    "zeros-in-an-environment": (
        {"wrangler.toml": bound(ID) + bound(ZEROS, "env.production.kv_namespaces")},
        ["id-placeholder"],
    ),
    "zeros-alone": ({"wrangler.toml": bound(ZEROS)}, ["id-placeholder"]),
    "note-at-the-top-level": (
        {"wrangler.toml": bound("<YOUR_ID>") + PRODUCTION},
        ["id-placeholder"],
    ),
    "ignored": ({"wrangler.toml": bound("<ignored>")}, []),
    "not-used": ({"wrangler.toml": bound("not-used")}, []),
    "used": ({"wrangler.toml": bound("used")}, ["id-malformed"]),
    "ignored-is-part-of-a-note": (
        {"wrangler.toml": bound("<your ignored id>")},
        ["id-placeholder"],
    ),
    "deploy-button": ({"wrangler.toml": bound(ZEROS), "README.md": BUTTON}, []),
    "deploy-button-in-lower-case": (
        {"wrangler.toml": bound("<YOUR_ID>"), "readme.md": f"# Shop\n\n{BUTTON}\n"},
        [],
    ),
    "only-the-button's-picture": (
        {"wrangler.toml": bound(ZEROS), "README.md": BUTTON.split("]")[0]},
        ["id-placeholder"],
    ),
    "deploy-button-of-another-project": (
        {"wrangler.toml": bound(ZEROS), "other/README.md": BUTTON},
        ["id-placeholder"],
    ),
    "deploy-button-and-a-slip": (
        {"wrangler.toml": bound(ID[1:]), "README.md": BUTTON},
        ["id-malformed"],
    ),
    "for-others-by-the-readme": (
        {"wrangler.toml": bound("<YOUR_ID>"), "README.md": f"git clone x\n{CREATE}\n"},
        [],
    ),
    "for-others-by-a-readme-in-another-language": (
        {"wrangler.toml": bound("local"), "README_zh.md": f"Fork it.\n{CREATE}\n"},
        [],
    ),
    "for-others-by-the-readme-of-the-repository": (
        {"bot/wrangler.toml": bound(ZEROS), "README.md": f"Fork this.\n{CREATE}\n"},
        [],
    ),
    "slip-in-a-project-for-others": (
        {"wrangler.toml": bound(ID[1:]), "README.md": f"git clone x\n{CREATE}\n"},
        ["id-malformed"],
    ),
    "for-oneself": (
        {"wrangler.toml": bound("<YOUR_ID>"), "README.md": f"{CREATE}\n"},
        ["id-placeholder"],
    ),
    "readme-without-the-namespace": (
        {"wrangler.toml": bound("<YOUR_ID>"), "README.md": "git clone x\n"},
        ["id-placeholder"],
    ),
    "another-document-for-others": (
        {"wrangler.toml": bound("<YOUR_ID>"), "NOTES.md": f"git clone x\n{CREATE}\n"},
        ["id-placeholder"],
    ),
    "name-that-a-comment-calls-local": (
        {"wrangler.toml": "# the local dev id\n" + bound("shop-dev")},
        [],
    ),
    "name-below-another-comment": (
        {"wrangler.toml": "# keep carts\n" + bound("shop-dev")},
        ["id-malformed"],
    ),
    "name-above-a-placeholder-of-an-environment": (
        {"wrangler.toml": bound("local") + bound("<ID>", "env.production.kv_namespaces")},
        ["id-placeholder"],
    ),
    "name-in-an-environment-beside-a-placeholder": (
        {
            "wrangler.toml": bound("<ID>", "env.production.kv_namespaces")
            + bound("local", "env.staging.kv_namespaces")
        },
        ["id-placeholder", "id-malformed"],
    ),
    "shared-with-an-environment": ({"wrangler.toml": bound(ID) + PRODUCTION}, ["id-shared"]),
    "shared-with-e2e": (
        {"wrangler.toml": bound(ID) + bound(ID, "env.e2e.kv_namespaces")},
        [],
    ),
    "shared-with-a-top-level-that-nobody-deploys": (
        {
            "wrangler.toml": bound(ID) + PRODUCTION,
            "package.json": '{"scripts": {"deploy": "vite build && wrangler deploy --env production"}}',
        },
        [],
    ),
    "shared-with-a-top-level-that-is-deployed": (
        {
            "wrangler.toml": bound(ID) + PRODUCTION,
            "package.json": '{"scripts": {"a": "wrangler deploy -e production", "b": "wrangler deploy"}}',
        },
        ["id-shared"],
    ),
    "shared-with-a-top-level-that-is-deployed-by-name": (
        {
            "wrangler.toml": bound(ID) + PRODUCTION,
            "package.json": '{"scripts": {"deploy": "wrangler deploy --env= && wrangler tail"}}',
        },
        ["id-shared"],
    ),
    "zeros-that-nobody-deploys": (
        {"wrangler.toml": bound(ZEROS), "package.json": '{"scripts": {"dev": "wrangler dev"}}'},
        [],
    ),
    "note-that-nobody-deploys": (
        {"wrangler.toml": bound("<ID>"), "package.json": '{"scripts": {"dev": "wrangler dev"}}'},
        ["id-placeholder"],
    ),
    "zeros-that-are-deployed": (
        {
            "wrangler.toml": bound(ZEROS),
            "package.json": '{"scripts": {"dev": "wrangler dev", "ship": "wrangler deploy"}}',
        },
        ["id-placeholder"],
    ),
    "shadowed": ({"api/wrangler.toml": bound(ID), "wrangler.jsonc": "{}"}, ["config-shadowed"]),
    "shadowed-test": ({"api/test/wrangler.toml": bound(ID), "wrangler.jsonc": "{}"}, []),
    "preview-of-a-worker": (
        {"wrangler.toml": bound(ID) + f'preview_id = "{ID}"\n'},
        ["id-is-preview-id"],
    ),
    "preview-of-staging": (
        {"wrangler.toml": bound(ID, "env.staging.kv_namespaces") + f'preview_id = "{ID}"\n'},
        [],
    ),
    "preview-of-staging-by-the-name-of-the-config": (
        {"wrangler.staging.toml": bound(ID) + f'preview_id = "{ID}"\n'},
        [],
    ),
    "preview-of-production-by-the-name-of-the-config": (
        {"wrangler.production.toml": bound(ID) + f'preview_id = "{ID}"\n'},
        ["id-is-preview-id"],
    ),
    "preview-of-production": (
        {"wrangler.toml": bound(ID, "env.production.kv_namespaces") + f'preview_id = "{ID}"\n'},
        ["id-is-preview-id"],
    ),
    "preview-of-pages": (
        {"wrangler.toml": PAGES + bound(ID) + f'preview_id = "{ID}"\n'},
        [],
    ),
    "preview-of-a-worker-that-vite-runs": (
        {
            "wrangler.toml": bound(ID) + f'preview_id = "{ID}"\n',
            "package.json": '{"scripts": {"dev": "vite dev", "ship": "wrangler deploy"},'
            ' "devDependencies": {"@cloudflare/vite-plugin": "1"}}',
        },
        [],
    ),
    "preview-of-a-worker-that-wrangler-runs-too": (
        {
            "wrangler.toml": bound(ID) + f'preview_id = "{ID}"\n',
            "package.json": '{"scripts": {"dev": "vite dev", "start": "wrangler dev"},'
            ' "devDependencies": {"@cloudflare/vite-plugin": "1"}}',
        },
        ["id-is-preview-id"],
    ),
    "preview-of-a-worker-with-remote": (
        {"wrangler.toml": bound(ID) + f'preview_id = "{ID}"\nremote = true\n'},
        [],
    ),
    "preview-of-a-worker-without-remote": (
        {"wrangler.toml": bound(ID) + f'preview_id = "{ID}"\nremote = false\n'},
        ["id-is-preview-id"],
    ),
    "filled-in-by-a-workflow": (
        {
            "wrangler.toml": bound("your-kv-id"),
            ".github/workflows/deploy.yml": "      - run: sed -i 's/your-kv-id/${{ secrets.KV }}/' "
            "wrangler.toml\n",
        },
        [],
    ),
    "filled-in-by-a-script-of-the-repository": (
        {
            "api/wrangler.toml": bound("kv_placeholder"),
            "scripts/fill.js": "write('wrangler.toml', text.replace('kv_placeholder', id));",
        },
        [],
    ),
    "another-one-filled-in": (
        {
            "wrangler.toml": bound("your-kv-id"),
            "scripts/fill.sh": "sed -i s/your-d1-id/$ID/ wrangler.toml",
        },
        ["id-placeholder"],
    ),
    "only-looked-for": (
        {
            "wrangler.toml": bound("your-kv-id"),
            "scripts/look.sh": "grep your-kv-id wrangler.toml && echo 'set your-kv-id first'",
        },
        ["id-placeholder"],
    ),
    "only-documented": (
        {
            "wrangler.toml": bound("your-kv-id"),
            "README.md": "Replace your-kv-id in wrangler.toml: sed -i s/your-kv-id/ID/ wrangler.toml",
        },
        ["id-placeholder"],
    ),
    "name-of-the-script-that-sets-it": (
        {
            "api/wrangler.toml": bound("local")
            + bound("set-by-scripts/deploy/ids.ts", "env.live.kv_namespaces"),
            "scripts/deploy/ids.ts": "export {};\n",
        },
        [],
    ),
    "name-of-a-script-that-is-missing": (
        {"api/wrangler.toml": bound("set-by-scripts/deploy/ids.ts")},
        ["id-malformed"],
    ),
    "local-where-another-config-is-deployed": (
        {
            "wrangler.toml": bound("local"),
            "package.json": '{"scripts": {"ship": "wrangler deploy --config .wrangler/ship.toml"}}',
        },
        [],
    ),
    "local-where-it-is-deployed": (
        {
            "wrangler.toml": bound("local"),
            "package.json": '{"scripts": {"ship": "wrangler deploy -c ./wrangler.toml"}}',
        },
        ["id-malformed"],
    ),
    "name-where-another-config-is-deployed": (
        {
            "wrangler.toml": bound("carts"),
            "package.json": '{"scripts": {"ship": "wrangler deploy --config .wrangler/ship.toml"}}',
        },
        ["id-malformed"],
    ),
    "config-that-is-only-run": (
        {"api/wrangler.dev.toml": bound("mock-carts"), "api/package.json": DEV_AND_SHIP},
        [],
    ),
    "placeholder-in-a-config-that-is-only-run": (
        {"api/wrangler.dev.toml": bound("<ID>"), "api/package.json": DEV_AND_SHIP},
        [],
    ),
    "slip-in-a-config-that-is-only-run": (
        {"api/wrangler.dev.toml": bound(ID[1:]), "api/package.json": DEV_AND_SHIP},
        ["id-malformed"],
    ),
    "config-that-is-run-and-deployed": (
        {
            "api/wrangler.dev.toml": bound("mock-carts"),
            "api/package.json": DEV_AND_SHIP.replace("deploy", "deploy -c wrangler.dev.toml"),
        },
        ["id-malformed"],
    ),
    "config-beside-the-one-that-is-only-run": (
        {"api/wrangler.toml": bound("mock-carts"), "api/package.json": DEV_AND_SHIP},
        ["id-malformed"],
    ),
    "filled-in-by-splitting-and-joining": (
        {
            "wrangler.toml": bound("<CARTS_ID>"),
            "scripts/fill.mjs": "const path = 'wrangler.toml';\n"
            "const ids = { '<CARTS_ID>': process.env.CARTS_ID };\n"
            "for (const key of Object.keys(ids)) text = text.split(key).join(ids[key]);\n",
        },
        [],
    ),
    "named-in-a-script-that-only-splits": (
        {
            "wrangler.toml": bound("<CARTS_ID>"),
            "scripts/fill.mjs": "const path = 'wrangler.toml';\n"
            "const has = text.split('<CARTS_ID>').length > 1;\n",
        },
        ["id-placeholder"],
    ),
    "name-in-an-environment-that-is-local": (
        {"wrangler.toml": bound("<ID>") + bound("shop-carts", "env.local.kv_namespaces")},
        ["id-placeholder"],
    ),
    "slip-in-an-environment-that-is-local": (
        {"wrangler.toml": bound(ID[1:], "env.local.kv_namespaces")},
        ["id-malformed"],
    ),
    "note-in-a-worker-that-is-local-by-its-name": (
        {"wrangler.toml": 'name = "shop-local"\n' + bound("<ID>") + bound("shop", binding="USERS")},
        [],
    ),
    "note-in-a-worker-of-another-name": (
        {"wrangler.toml": 'name = "localize"\n' + bound("<ID>") + bound("shop", binding="USERS")},
        ["id-placeholder", "id-malformed"],
    ),
    "slip-in-a-worker-that-is-local-by-its-name": (
        {"wrangler.toml": 'name = "shop-local"\n' + bound(ID[1:])},
        ["id-malformed"],
    ),
    "local-without-anything-to-deploy": (
        {"wrangler.toml": bound("local-kv"), "package.json": '{"scripts": {"dev": "vite dev"}}'},
        [],
    ),
    "local-beside-a-script-that-deploys": (
        {
            "wrangler.toml": bound("local-kv"),
            "package.json": '{"scripts": {"a": "wrangler deploy"}}',
        },
        ["id-malformed"],
    ),
    "local-of-a-worker": (
        {
            "wrangler.toml": 'main = "a.js"\n' + bound("local-kv"),
            "package.json": '{"scripts": {"dev": "vite dev"}}',
            "a.js": "export default { fetch: (request, env) => env.CARTS.get('a') };",
        },
        ["id-malformed"],
    ),
    "other-name-without-anything-to-deploy": (
        {"wrangler.toml": bound("shop-kv"), "package.json": '{"scripts": {"dev": "vite dev"}}'},
        ["id-malformed"],
    ),
    "config-of-the-usual-name-that-is-run": (
        {
            "api/wrangler.toml": bound("mock-carts"),
            "api/package.json": '{"scripts": {"dev": "wrangler dev -c wrangler.toml"}}',
        },
        ["id-malformed"],
    ),
    "note-at-a-top-level-that-nobody-deploys": (
        {
            "wrangler.toml": bound("<ID>") + PRODUCTION,
            "package.json": '{"scripts": {"ship": "wrangler deploy --env production"}}',
        },
        [],
    ),
    "note-at-a-top-level-that-is-deployed": (
        {
            "wrangler.toml": bound("<ID>") + PRODUCTION,
            "package.json": '{"scripts": {"ship": "wrangler deploy --env a; wrangler deploy"}}',
        },
        ["id-placeholder"],
    ),
    "note-in-an-environment-for-tests": (
        {"wrangler.toml": bound("<ID>", "env.test.kv_namespaces") + PRODUCTION},
        [],
    ),
    "note-in-an-environment-by-another-name": (
        {"wrangler.toml": bound("<ID>", "env.staging.kv_namespaces") + PRODUCTION},
        ["id-placeholder"],
    ),
    "empty-in-a-backup": (
        {"shop.backup/api/wrangler.toml": bound("") + 'preview_id = ""\n'},
        [],
    ),
    "empty-in-a-worker-that-makes-backups": (
        {"shop-backup/wrangler.toml": bound("") + 'preview_id = ""\n'},
        ["id-empty", "preview-id-empty"],
    ),
    "conformance-tests": ({"conformance/worker/wrangler.toml": bound("mcp-kv")}, []),
    "named-otherwise": ({"worker/wrangler.toml": bound("mcp-kv")}, ["id-malformed"]),
}


@pytest.mark.parametrize(("files", "expected"), CASES.values(), ids=CASES)
def test_ids_that_need_not_be_real(
    files: dict[str, str], expected: list[str], tmp_path: Path
) -> None:
    (tmp_path / ".git").mkdir()
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    first = next(iter(files))
    found = [
        file for file in Run([tmp_path], Severities()).check() if file.path == tmp_path / first
    ]
    assert [problem.code for file in found for problem in file.problems] == expected
