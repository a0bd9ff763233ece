"""Does with the Python client what the Training SDK does: create, list, watch, patch, logs, events, delete. Ends with 1 at the first surprise."""
import os
import sys
import tempfile

from kubernetes import client, config, watch

KUBECONFIG, NAMESPACE, KIND, PLURAL, REPLICAS, CONTAINER = sys.argv[1:]
GROUP, VERSION, NAME = "kubeflow.org", "v1", "demo"
LEADER = "Master" if KIND == "PyTorchJob" else "Chief"
GATE = os.path.join(tempfile.mkdtemp(), "go")


def replica(count):
    # Nobody ends before the gate opens, so that the test sees the job run.
    script = f"echo started; until [ -e {GATE} ]; do sleep 0.1; done; echo finished"
    container = client.V1Container(name=CONTAINER, image="busybox", command=["sh", "-c", script])
    return {"replicas": count, "restartPolicy": "Never", "template": client.V1PodTemplateSpec(spec=client.V1PodSpec(containers=[container]))}


def job():
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": KIND,
        "metadata": client.V1ObjectMeta(name=NAME, labels={"made-by": "sdk"}),
        "spec": {REPLICAS: {LEADER: replica(1), "Worker": replica(2)}, "runPolicy": {"cleanPodPolicy": "None"}},
    }


def has(found, kind):
    return any(c["type"] == kind and c["status"] == "True" for c in found.get("status", {}).get("conditions", []))


def watch_job(custom, kind):
    """Watches until a condition is true; returns the types of events seen."""
    stream = watch.Watch()
    for event in stream.stream(custom.list_namespaced_custom_object, GROUP, VERSION, NAMESPACE, PLURAL, timeout_seconds=60):
        found = event["object"]
        assert not has(found, "Failed"), found
        if found["metadata"]["name"] == NAME and has(found, kind):
            stream.stop()
            return
    raise AssertionError(f"the job is not {kind}")


def main():
    config.load_kube_config(KUBECONFIG)
    custom, core = client.CustomObjectsApi(), client.CoreV1Api()

    created = custom.create_namespaced_custom_object(GROUP, VERSION, NAMESPACE, PLURAL, client.ApiClient().sanitize_for_serialization(job()))
    assert created["metadata"]["uid"], created
    try:
        custom.create_namespaced_custom_object(GROUP, VERSION, NAMESPACE, PLURAL, client.ApiClient().sanitize_for_serialization(job()))
        raise AssertionError("created twice")
    except client.ApiException as refusal:
        assert refusal.status == 409 and refusal.reason == "Conflict", refusal
    print("created")

    listed = custom.list_namespaced_custom_object(GROUP, VERSION, NAMESPACE, PLURAL, label_selector="made-by=sdk")
    assert listed["kind"] == f"{KIND}List" and [i["metadata"]["name"] for i in listed["items"]] == [NAME], listed
    assert any(i["metadata"]["namespace"] == NAMESPACE for i in custom.list_cluster_custom_object(GROUP, VERSION, PLURAL)["items"])
    print("listed")

    watch_job(custom, "Running")
    print("running")

    def names(selector):
        return sorted(p.metadata.name for p in core.list_namespaced_pod(NAMESPACE, label_selector=selector).items)

    lower, base = LEADER.lower(), f"training.kubeflow.org/job-name={NAME}"
    assert names(base) == [f"{NAME}-{lower}-0", f"{NAME}-worker-0", f"{NAME}-worker-1"], names(base)
    assert names(f"{base},training.kubeflow.org/job-role=master") == [f"{NAME}-{lower}-0"]
    assert names(f"{base},training.kubeflow.org/replica-type=worker,training.kubeflow.org/replica-index=1") == [f"{NAME}-worker-1"]
    print("selected")

    before = custom.get_namespaced_custom_object(GROUP, VERSION, NAMESPACE, PLURAL, NAME)
    patched = custom.patch_namespaced_custom_object(GROUP, VERSION, NAMESPACE, PLURAL, NAME, {"spec": {"runPolicy": {"ttlSecondsAfterFinished": 3600}}})
    assert patched["spec"]["runPolicy"] == {**before["spec"]["runPolicy"], "ttlSecondsAfterFinished": 3600}, patched["spec"]["runPolicy"]
    assert patched["metadata"]["generation"] == before["metadata"]["generation"] + 1
    print("patched")

    lines = []
    follower = watch.Watch()
    for line in follower.stream(core.read_namespaced_pod_log, name=f"{NAME}-{lower}-0", namespace=NAMESPACE, container=CONTAINER):
        lines.append(line)
        if line == "started":
            open(GATE, "w").close()
    assert lines == ["started", "finished"], lines
    print("followed")

    watch_job(custom, "Succeeded")
    assert core.read_namespaced_pod_log(f"{NAME}-{lower}-0", NAMESPACE) == "started\nfinished\n"
    assert core.read_namespaced_pod(f"{NAME}-{lower}-0", NAMESPACE).status.phase == "Succeeded"
    # Events are told after the status has been written.
    told = set()
    for event in watch.Watch().stream(core.list_namespaced_event, NAMESPACE, field_selector=f"involvedObject.name={NAME}", timeout_seconds=30):
        told.add(event["object"].reason)
        if {"SuccessfulCreatePod", f"{KIND}Succeeded"} <= told:
            break
    assert {"SuccessfulCreatePod", f"{KIND}Succeeded"} <= told, told
    print("succeeded")

    deleted = custom.delete_namespaced_custom_object(GROUP, VERSION, NAMESPACE, PLURAL, NAME, body=client.V1DeleteOptions(propagation_policy="Foreground"))
    assert deleted, deleted
    stream = watch.Watch()
    if core.list_namespaced_pod(NAMESPACE).items:
        for event in stream.stream(core.list_namespaced_pod, NAMESPACE, timeout_seconds=60):
            if event["type"] == "DELETED" and not core.list_namespaced_pod(NAMESPACE).items:
                stream.stop()
    assert not core.list_namespaced_pod(NAMESPACE).items
    print("all steps passed")


main()
