/** Export the selected keys to a seed file. */

import * as vscode from 'vscode';
import type { Contribution, Parts } from '../command';
import { seedFile } from '../copies';
import * as format from '../format';
import { type KeySubject, keysOf } from '../keys';
import { inform } from '../messages';
import { seedsFolder } from '../seedsFolder';

export const contribution: Contribution = {
    title: 'Export Selection…',
    menus: {
        commandPalette: [{ when: 'false' }],
        'view/item/context': [
            { when: 'view == kvlens.namespaces && viewItem == key', group: '3_copy@7' },
        ],
    },
};

export async function run(parts: Parts, subject?: KeySubject, selection?: unknown): Promise<void> {
    const { t } = vscode.l10n;
    const refs = await keysOf(parts, subject, selection, t('Export Selection'));
    const [{ space }] = refs;
    const file = await vscode.window.showSaveDialog({
        title: t('Export {0} in the format of wrangler kv bulk put', format.count(refs.length, 'key')),
        saveLabel: t('Export'),
        defaultUri: vscode.Uri.joinPath(await seedsFolder(space.config), `${space.binding}-some.json`),
        filters: { [t('JSON files')]: ['json'] },
    });
    if (!file) {
        return;
    }
    await vscode.workspace.fs.writeFile(file, Buffer.from(await seedFile(parts, refs)));
    const open = t('Open');
    if ((await inform(t('Exported {0}.', format.count(refs.length, 'key')), open)) === open) {
        await vscode.window.showTextDocument(file);
    }
}
