/** The server's progress, with a Cancel button if the work can be canceled. */

import * as vscode from 'vscode';
import {
    type BaseLanguageClient,
    type Middleware,
    type ProgressToken,
    type WorkDoneProgressBegin,
    WorkDoneProgressCancelNotification,
    type WorkDoneProgressReport,
} from 'vscode-languageclient/node';
import { notice } from './visible';

const PATIENCE = 400; // ms; shorter work shows nothing

type Step = WorkDoneProgressBegin | WorkDoneProgressReport;

interface Running {
    report(step: Step): void;
    end(): void;
}

/**
 * Return the middleware that shows cancellable work as a notification.
 *
 * The client library shows all work in the status bar, which has no button.
 */
export function cancellableProgress(
    client: () => BaseLanguageClient | undefined,
): Middleware['handleWorkDoneProgress'] {
    const running = new Map<ProgressToken, Running>();
    return (token, params, next) => {
        if (params.kind === 'begin' && params.cancellable) {
            const cancel = (): void => {
                void client()?.sendNotification(WorkDoneProgressCancelNotification.type, { token });
            };
            running.set(token, show(params, cancel));
            return;
        }
        const shown = running.get(token);
        if (shown && params.kind !== 'end') {
            shown.report(params);
            return;
        }
        shown?.end();
        running.delete(token);
        next(token, params);
    };
}

function show(begin: WorkDoneProgressBegin, cancel: () => void): Running {
    let finish = (): void => {};
    const finished = new Promise<void>((resolve) => {
        finish = resolve;
    });
    let last: Step = begin;
    let update = (step: Step): void => {
        last = step;
    };
    const options = {
        location: vscode.ProgressLocation.Notification,
        title: notice(begin.title),
        cancellable: true,
    };
    const timer = setTimeout(() => {
        void vscode.window.withProgress(options, (progress, token) => {
            let shown = 0;
            token.onCancellationRequested(cancel);
            update = (step) => {
                const message = step.message && notice(step.message);
                const percentage = step.percentage ?? shown;
                progress.report({ message, increment: percentage - shown });
                shown = percentage;
            };
            update(last);
            return finished;
        });
    }, PATIENCE);
    return {
        report: (step) => update(step),
        end: () => {
            clearTimeout(timer);
            finish();
        },
    };
}
