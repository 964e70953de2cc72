"""The words of AWS's error messages: what a line break may have torn apart."""

_WORDS = """
    a able access accessdenied accessdeniedexception account action agent all allow allowed allows
    amazon an and any application args arn as asm assume assumed-role assumerole at attached attempt
    attribute auth authentication authorization authorizationerror authorized availability available aws
    back based because before boundary bucket but by call called calling can canceled cannot
    cannotcreatecontainererror cannotpullcontainererror cannotstartcontainererror capacity cause caused
    certificate check circuit client clientexception closest cloudwatch cluster clusternotfoundexception
    code command configuration configured connect connection contact contain container containers
    context could cpu create created credential credentials credentialsprovidererror customer daemon
    deadline decrypt default definition denied deny deployment desired did disk dockertimeouterror does
    download driver due ecr ecs efs elb enable enabled encoded encrypted endpoint environment error
    essential event exceeded exception execute execution exist exists exit exited expired
    expiredtokenexception explicit explicitly failed failure fargate fetch file files find for forbidden
    found from function get group had has have health healthy host iam identity identity-based image in
    information initialization initialize initializing instance instances insufficient internal invalid
    invalidparameterexception invalidrequestexception invoke is issue it its json key killed kms
    kmsinvalidstateexception lacks lambda launch launching limit linked load local locate log logger
    logging logs manager manifest marked matching memory message met more mount mounting must name
    network no nocredentialproviders nocredentialserror not of on operation or organization
    outofmemoryerror parameter parameternotfound parameters pass passed passrole pending perform
    permission permissions permissions-boundary place platform please policies policy port principal
    private profile proper provided provider public pull pulled rate reached reason ref reference
    referenced refers region register registry request requested requestid requirements requires resolve
    resource resource-based resourceinitializationerror resourcenotfoundexception resources response
    retrieval retrieve retrieved retrying role roles run running secret secrets secretsmanager
    secretsmanagerexception security server service service-linked serviceexception session set should
    signature space ssm start started state status statuscode steady stopped stream string system
    systems tag target targetnotconnectedexception task tasks that the there this throttling
    throttlingexception time timed timeout times to token troubleshooting trust type unable unauthorized
    unauthorizedoperation unavailable unknown unless unrecognizedclientexception up user valid validate
    value values verify version volume volumes vpc waiting was were when which while will with without
    you your zone
"""

VOCABULARY = frozenset(_WORDS.split())
