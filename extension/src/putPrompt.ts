/** Ask for what "Put Key" writes. */

import * as vscode from 'vscode';
import { nameOf } from './address';
import { nowIn } from './clock';
import * as format from './format';
import { pickMany } from './messages';
import type { NamespaceRef } from './model';
import { ask, Dismissed } from './prompts';
import type { PutParameters, Target, Value } from './protocol';
import * as validate from './validate';
import { label, oneLine } from './visible';

const { t } = vscode.l10n;

const LONGEST_LINE = 10_000; // characters of a value that is edited in a box

/** The key that "Put Key" writes. */
export type Put = Omit<PutParameters, keyof Target | 'store' | 'name' | 'declared'> & { expected: string };

/**
 * Ask for the arguments of a put: a name, a value, and optionally metadata and expiration.
 *
 * `before` has the previous answers, if they couldn't be put; `key` is the name, if it is known.
 */
export async function askPut(
    space: NamespaceRef,
    readFile: (uri: vscode.Uri) => Promise<{ text: string } | { base64: string }>,
    look: (key: string) => Promise<Value | null>,
    before?: Put,
    key?: string,
): Promise<Put> {
    const title = t('Put Key: {0}', nameOf(space));
    const isGiven = key !== undefined && !before && !validate.keyProblem(key);
    const name = isGiven
        ? key
        : await ask({
              title,
              value: before?.key ?? key,
              prompt: t('Name of the key'),
              placeHolder: 'users/1',
              validateInput: validate.keyProblem,
          });
    const present = await look(name);
    const line = isGiven && isLine(present?.text) ? present?.text : undefined;
    const warning = present && replacing(name, space, present);
    const value =
        before?.base64 === undefined
            ? await valueOf(title, name, readFile, warning, before?.text ?? line)
            : { base64: before.base64 };
    const metadata = present?.metadata ?? undefined;
    const expiration = present?.expiration ?? undefined;
    const now = nowIn(space.config);
    const kept = (what: string): string => t('{0}, kept unless you select this', what);
    const extras = await pickMany(
        [
            {
                label: t('Metadata'),
                description:
                    metadata === undefined
                        ? t('a JSON value stored with it')
                        : kept(format.oneLine(metadata, 40)),
                value: 'metadata',
            },
            {
                label: t('Expiry'),
                description:
                    expiration === undefined
                        ? t('a duration or a date')
                        : kept(format.until(expiration, now)),
                value: 'expiry',
            },
        ],
        {
            title,
            placeHolder: present
                ? t('Select what else to change, then press Enter to save')
                : t('Select extras, then press Enter to save'),
        },
    );
    if (!extras) {
        throw new Dismissed();
    }
    const result: Put = { key: name, ...value, expected: present?.digest ?? '' };
    if (present && !extras.length) {
        return { ...result, keep: true };
    }
    Object.assign(result, { metadata, expiration });
    if (extras.some((extra) => extra.value === 'metadata')) {
        const text = await ask({
            title,
            prompt: present ? t('Metadata, as JSON; empty for none') : t('Metadata, as JSON'),
            placeHolder: '{"role": "admin"}',
            value: JSON.stringify(before?.metadata ?? metadata) ?? '',
            validateInput: (typed) =>
                present && !typed ? undefined : validate.metadataProblem(typed),
        });
        result.metadata = text ? JSON.parse(text) : undefined;
    }
    if (extras.some((extra) => extra.value === 'expiry')) {
        const text = await ask({
            title,
            prompt: present
                ? t('Expires after (90s, 10m, 2h, 7d) or at (2030-01-31T12:00); empty for none')
                : t('Expires after (90s, 10m, 2h, 7d) or at (2030-01-31T12:00)'),
            placeHolder: '1h',
            validateInput: (typed) => {
                const parsed = validate.parseExpiry(typed, now);
                return 'problem' in parsed && (typed || !present) ? parsed.problem : undefined;
            },
        });
        result.expiration = undefined;
        Object.assign(result, text ? validate.parseExpiry(text, now) : {});
    }
    return result;
}

/** Whether a box of one line can show a text without changing it. */
function isLine(text = '\n'): boolean {
    return text.length <= LONGEST_LINE && !/[\r\n]/.test(text);
}

/** Describe an existing key and its data. */
function replacing(name: string, space: NamespaceRef, present: Value): string {
    const facts = [format.size(present.size)];
    if (present.metadata !== undefined && present.metadata !== null) {
        facts.push(t('metadata {0}', format.oneLine(present.metadata, 40)));
    }
    if (present.expiration) {
        facts.push(t('expires {0}', format.until(present.expiration, nowIn(space.config))));
    }
    return t('"{0}" exists in {1} ({2}). Type its new value.', name, nameOf(space), facts.join(', '));
}

/** Ask for a value: typed, or (by the button) the content of a file. */
function valueOf(
    title: string,
    name: string,
    readFile: (uri: vscode.Uri) => Promise<{ text: string } | { base64: string }>,
    warning: string | null,
    typed = '',
): Promise<{ text: string } | { base64: string }> {
    const input = vscode.window.createInputBox();
    const tooltip = t('Use the content of a file');
    const fromFile = { iconPath: new vscode.ThemeIcon('file'), tooltip };
    input.title = oneLine(title);
    input.value = typed;
    input.prompt = label(
        t('Value of "{0}"; it may be empty. To use a file, select the button above.', name),
    );
    if (warning) {
        const severity = vscode.InputBoxValidationSeverity.Warning;
        input.validationMessage = { message: label(warning), severity };
    }
    input.ignoreFocusOut = true;
    input.buttons = [fromFile];
    return new Promise((resolve, reject) => {
        let takingFile = false;
        input.onDidAccept(() => {
            resolve({ text: input.value });
            input.hide();
        });
        input.onDidTriggerButton(async () => {
            takingFile = true;
            input.hide();
            const label = t('Use as value');
            const files = await vscode.window.showOpenDialog({ title, openLabel: label });
            if (files?.length) {
                resolve(readFile(files[0]));
            } else {
                reject(new Dismissed());
            }
        });
        input.onDidHide(() => {
            input.dispose();
            if (!takingFile) {
                reject(new Dismissed());
            }
        });
        input.show();
    });
}
