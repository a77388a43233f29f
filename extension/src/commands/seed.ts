/** Seed a namespace from a file, after confirmation if keys would be overwritten. */

import * as path from 'node:path';
import * as vscode from 'vscode';
import { nameOf } from '../address';
import { CHANGED } from '../askAgain';
import { type Contribution, type Parts, type Subject, target, where } from '../command';
import * as format from '../format';
import { warn } from '../messages';
import { documentOf } from '../openDocuments';
import * as prompts from '../prompts';
import { pickSeedFile } from '../seedFiles';
import { offerUndo } from '../undo';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Seed Namespace from File…',
    about: 'Write the keys in a JSON file; all are checked before the first is written',
    icon: '$(cloud-upload)',
    menus: {
        'kvlens.namespace': [{ group: '2_files@1' }],
        'view/item/context': [
            { when: 'view == kvlens.namespaces && viewItem == namespace', group: 'inline@2' },
            { when: 'view == kvlens.namespaces && viewItem == namespace', group: '2_files@1' },
        ],
    },
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    const space = await target(parts, node, t('Seed Namespace from File'));
    const named = node && node.kind === undefined ? node.file : undefined;
    const file = named ?? (await pickSeedFile(parts.server, space));
    if (!file) {
        return;
    }
    await saveFirst(file);
    const request = { ...space, file };
    let answer = await parts.server.ask('kvlens.seed', { ...request, existing: 'refuse' });
    for (let again: string[] = []; answer.conflicts; again = CHANGED) {
        const { conflicts, keys = [], digest } = answer;
        const detail = t(
            '{0} in {1}. "Keep" writes only the other keys of the file.',
            format.some(keys, 5, conflicts),
            where(parts, space),
        );
        const existing = await prompts.existing(space, [detail, ...again], conflicts, t('Keep'));
        answer = await parts.server.ask('kvlens.seed', { ...request, existing, expected: digest });
    }
    const { written, overwritten = 0, warnings = [] } = answer;
    const [keys, into] = [format.count(written, 'key'), nameOf(space)];
    const replaced = overwritten.toLocaleString('en');
    const done = overwritten
        ? t('Seeded {0} into {1}, {2} of them over another value.', keys, into, replaced)
        : t('Seeded {0} into {1}.', keys, into);
    if (!warnings.length) {
        void offerUndo(parts.server, done, [{ config: space.config, action: answer.action }]);
        return;
    }
    warnings.forEach((warning) => parts.server.log.warn(warning));
    const first = `${done} ${warnings[0]}`;
    const text =
        warnings.length > 1 ? t('{0} (and {1} more in the log)', first, warnings.length - 1) : first;
    const showLog = t('Show Log');
    if ((await warn(text, showLog)) === showLog) {
        parts.server.log.show();
    }
}

/** Save a file with unsaved changes, after confirmation: what is on disk is what is written. */
async function saveFirst(file: string): Promise<void> {
    const open = documentOf(vscode.Uri.parse(file));
    if (!open?.isDirty) {
        return;
    }
    const name = path.basename(open.fileName);
    const question = t('{0} has unsaved changes.', name);
    await prompts.confirm(question, t('Save it to seed what it has now.'), t('Save and Seed'));
    if (!(await open.save())) {
        throw new prompts.NothingThere(t("{0} wasn't saved, so nothing was seeded.", name));
    }
}
