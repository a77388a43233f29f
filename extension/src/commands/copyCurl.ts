/** Copy a shell command that reads a key, or lists a namespace's keys, through the REST API. */

import * as vscode from 'vscode';
import { type Contribution, type Parts, type Subject, target } from '../command';
import { brief } from '../messages';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Copy as curl…',
    about: 'Copy a command that reads a key',
    menus: {
        'webview/context': [
            { when: "webviewId == 'kvlens.table' && webviewSection == key", group: '3_copy@3' },
        ],
        'kvlens.namespace': [{ group: '3_more@1' }],
        'view/item/context': [
            { when: 'view == kvlens.namespaces && viewItem == namespace', group: '3_more@1' },
            {
                when: 'view == kvlens.namespaces && viewItem == key && !listMultiSelection',
                group: '3_copy@3',
            },
        ],
    },
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    const space = await target(parts, node, t('Copy as curl'));
    const address = await parts.server.ask('kvlens.address', { config: space.config });
    const base = address.rest.replace(/\/$/, '');
    const path = `accounts/${address.account}/storage/kv/namespaces/${encodeURIComponent(space.id)}`;
    const end = node?.kind === 'key' ? `values/${encodeURIComponent(node.key.name)}` : 'keys';
    const url = `${base}/${path}/${end}`.replaceAll("'", '%27');
    const command = `curl -H 'Authorization: Bearer ${address.token}' '${url}'`;
    await vscode.env.clipboard.writeText(command);
    brief(t('Copied a curl command with this run’s token'));
}
