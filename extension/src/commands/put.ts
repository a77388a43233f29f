/** Put a key; after an error, the prompt returns with everything that was entered. */

import * as vscode from 'vscode';
import { nameOf } from '../address';
import { type Contribution, keyName, type Parts, type Subject, target } from '../command';
import { bodyOf } from '../contents';
import * as format from '../format';
import { brief, fail } from '../messages';
import type { Value } from '../protocol';
import { askPut, type Put } from '../putPrompt';
import { peek } from '../values';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Put Key…',
    about:
        'Write one key, with optional metadata and expiration; if the key exists, says so and ' +
        'keeps its metadata and expiration',
    icon: '$(add)',
    menus: {
        'kvlens.namespace': [{ group: '1_keys@2' }],
        'view/item/context': [
            {
                when: 'view == kvlens.namespaces && viewItem =~ /^(namespace|folder)$/',
                group: 'inline@1',
            },
            { when: 'view == kvlens.namespaces && viewItem == folder', group: '1_keys@1' },
            { when: 'view == kvlens.namespaces && viewItem == namespace', group: '1_keys@1' },
        ],
    },
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    const space = await target(parts, node, t('Put Key'));
    const readFile = async (uri: vscode.Uri): Promise<{ text: string } | { base64: string }> =>
        bodyOf(await vscode.workspace.fs.readFile(uri));
    const look = (key: string): Promise<Value | null> => peek(parts.server, space, key);
    const begun = node?.kind === 'folder' ? node.prefix : undefined;
    let what: Put | undefined = begun ? { key: begun, expected: '' } : undefined;
    for (;;) {
        what = await askPut(space, readFile, look, what, keyName(node));
        try {
            await parts.server.ask('kvlens.put', { ...space, ...what });
            brief(t('Put "{0}" into {1}', what.key, nameOf(space)));
            return;
        } catch (error) {
            // The input isn't lost: the prompt returns with it.
            const text = format.reason(error);
            parts.server.log.error(`kvlens.put: ${text}`);
            const again = t('Try Again…');
            if ((await fail(text, again)) !== again) {
                return;
            }
        }
    }
}
